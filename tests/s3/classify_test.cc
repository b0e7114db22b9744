#include "s3api/protocol/classify.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/s3/request_heads.h"

namespace mkv::s3 {
namespace {

bool SpeaksS3(std::string_view method, std::string_view target, const Headers& headers = {}) {
  http::RequestHead head = HeadOf(headers);
  head.method = method;
  head.target = target;
  head.path = target.substr(0, target.find('?'));
  if (const std::size_t mark = target.find('?'); mark != std::string_view::npos) {
    head.query = target.substr(mark + 1);
  }
  return ProtocolOf(head, "s3.example.com") == Protocol::kS3;
}

TEST(ClassifyTest, PlainRequestsAreNative) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "UNLINK", "REBALANCE", "POST"}) {
    EXPECT_FALSE(SpeaksS3(method, "/bucket/key", {{"Host", "localhost:3000"}})) << method;
  }
  EXPECT_FALSE(SpeaksS3("GET", "/"));
  EXPECT_FALSE(SpeaksS3("GET", "/key?foo=bar"));
  EXPECT_FALSE(SpeaksS3("GET", "/key", {{"Authorization", "Basic YTpi"}}));
}

TEST(ClassifyTest, NativeOperationsStayNative) {
  for (const char* target :
       {"/p?list", "/p?list&start=/p/a&limit=10", "/p?unlinked", "/p?list=", "/p?list&versions"}) {
    EXPECT_FALSE(SpeaksS3("GET", target)) << target;
  }
}

TEST(ClassifyTest, SignedRequestsAreS3) {
  EXPECT_TRUE(SpeaksS3("GET", "/k", {{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}}));
  EXPECT_TRUE(SpeaksS3("GET", "/k", {{"authorization", "AWS key:signature"}}));
  EXPECT_TRUE(SpeaksS3("GET", "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"));
  EXPECT_TRUE(SpeaksS3("GET", "/k?AWSAccessKeyId=a&Signature=b&Expires=1"));
  EXPECT_TRUE(SpeaksS3("GET", "/k?%41WSAccessKeyId=a"));
  EXPECT_TRUE(SpeaksS3("GET", "/k?list&X-Amz-Signature=0"));
}

TEST(ClassifyTest, HeadersOfS3ClientsAreS3) {
  EXPECT_TRUE(SpeaksS3("GET", "/k", {{"X-Amz-Date", "20130524T000000Z"}}));
  EXPECT_TRUE(SpeaksS3("GET", "/k", {{"amz-sdk-invocation-id", "x"}}));
  EXPECT_FALSE(SpeaksS3("GET", "/k", {{"X-Amzn-Trace-Id", "x"}}));
}

TEST(ClassifyTest, AHostUnderTheDomainIsS3) {
  EXPECT_TRUE(SpeaksS3("GET", "/k", {{"Host", "bucket.s3.example.com"}}));
  EXPECT_FALSE(SpeaksS3("GET", "/bucket/k", {{"Host", "s3.example.com"}}));
}

TEST(ClassifyTest, SubResourcesAreS3HoweverTheyAreEncoded) {
  for (const char* target :
       {"/b?list-type=2", "/b?uploads", "/b/k?uploadId=u&partNumber=1", "/b?delete", "/b?location",
        "/b?%75ploads", "/b?prefix=a&acl", "/b/k?x-id=GetObject", "/b/k?versionId=null",
        "/b?encoding-type=url"}) {
    EXPECT_TRUE(SpeaksS3("GET", target)) << target;
  }
}

TEST(ClassifyTest, PreflightsAndFormsAreS3) {
  EXPECT_TRUE(SpeaksS3("OPTIONS", "/b/k"));
  EXPECT_TRUE(SpeaksS3("POST", "/b", {{"Content-Type", "multipart/form-data; boundary=x"}}));
  EXPECT_FALSE(SpeaksS3("PUT", "/b", {{"Content-Type", "multipart/form-data; boundary=x"}}));
}

}  // namespace
}  // namespace mkv::s3
