#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

constexpr char kRedirect[] = "x-amz-website-redirect-location";

class ObjectCopyingTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    ASSERT_EQ(S3("admin", {.method = "PUT",
                           .target = "/bkt/k",
                           .headers = {"Content-Type: text/plain", "x-amz-meta-a: 1",
                                       std::string(kRedirect) + ": /elsewhere"},
                           .body = "value"})
                  .status,
              200);
  }
  HttpResponse Copy(const std::string& from, const std::string& to,
                    std::vector<std::string> headers = {}) {
    headers.push_back("x-amz-copy-source: " + from);
    return S3("admin", {.method = "PUT", .target = to, .headers = std::move(headers)});
  }
  HttpResponse Head(const std::string& target) {
    return S3("admin", {.method = "HEAD", .target = target});
  }
};

TEST_F(ObjectCopyingTest, ARedirectLocationIsGivenAndNotCopied) {
  ASSERT_EQ(Copy("/bkt/k", "/bkt/without").status, 200);
  EXPECT_FALSE(Head("/bkt/without").HasHeader(kRedirect));
  EXPECT_EQ(Head("/bkt/without").Header("x-amz-meta-a"), "1");
  ASSERT_EQ(Copy("/bkt/k", "/bkt/with", {std::string(kRedirect) + ": /there"}).status, 200);
  EXPECT_EQ(Head("/bkt/with").Header(kRedirect), "/there");
  EXPECT_EQ(Head("/bkt/with").Header("x-amz-meta-a"), "1");
  ASSERT_EQ(Copy("/bkt/k", "/bkt/new",
                 {std::string(kRedirect) + ": /there", "x-amz-metadata-directive: REPLACE"})
                .status,
            200);
  EXPECT_EQ(Head("/bkt/new").Header(kRedirect), "/there");
  EXPECT_FALSE(Head("/bkt/new").HasHeader("x-amz-meta-a"));
}

TEST_F(ObjectCopyingTest, OntoItselfNeedsAChange) {
  EXPECT_EQ(Code(Copy("/bkt/k", "/bkt/k")), "InvalidRequest");
  EXPECT_EQ(Head("/bkt/k").Header(kRedirect), "/elsewhere");

  ASSERT_EQ(Copy("/bkt/k", "/bkt/k", {"x-amz-storage-class: STANDARD"}).status, 200);
  const HttpResponse stored = S3("admin", {.target = "/bkt/k"});
  EXPECT_EQ(stored.body, "value");
  EXPECT_EQ(stored.Header("x-amz-meta-a"), "1");
  EXPECT_EQ(stored.Header("Content-Type"), "text/plain");
  EXPECT_FALSE(stored.HasHeader(kRedirect)) << "not given";

  ASSERT_EQ(Copy("/bkt/k", "/bkt/k", {std::string(kRedirect) + ": /there"}).status, 200);
  EXPECT_EQ(Head("/bkt/k").Header(kRedirect), "/there");
  EXPECT_EQ(Head("/bkt/k").Header("x-amz-meta-a"), "1");
  EXPECT_EQ(Code(Copy("/bkt/k", "/bkt/k", {"x-amz-storage-class: GOLDEN"})), "InvalidStorageClass");
}

TEST_F(ObjectCopyingTest, APlusInTheNameOfTheSourceIsASpace) {
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/a%20b", .body = "space"}).status, 200);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/a+b", .body = "plus"}).status, 200);
  for (const auto& [source, value] : {std::pair<std::string, std::string>{"/bkt/a+b", "space"},
                                      {"/bkt/a%20b", "space"},
                                      {"/bkt/a%2Bb", "plus"}}) {
    ASSERT_EQ(Copy(source, "/bkt/copy").status, 200) << source;
    EXPECT_EQ(S3("admin", {.target = "/bkt/copy"}).body, value) << source;
  }
}

}  // namespace
}  // namespace mkv::testing
