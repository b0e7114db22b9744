#include "s3api/signature/sigv2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kNow = "20260101T000000Z";
constexpr std::string_view kExpires = "1767225660";  // a minute later

// Signs over `resource`, which is what the client takes the request's to be.
void SignV2(SignedRequest& request, std::string_view resource) {
  const std::string to_sign =
      SigV2StringToSign(request.View(), DecodeQuery(request.query), resource, kExpires);
  request.query += request.query.empty() ? "" : "&";
  request.query +=
      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=" + std::string(kExpires) +
      "&Signature=" + UriEncode(Base64(HmacSha1(kExampleSecret, to_sign)), Slash::kEncoded);
}

std::string OutcomeV2(const SignedRequest& request, std::string_view now = kNow) {
  return Outcome(AuthenticateExample(request, now));
}

TEST(SigV2, StringToSignHoldsHeadersResourceAndSubResources) {
  SignedRequest request{"PUT", "/bucket/a%20b",
                        "prefix=x&uploadId=a%2Bb&partNumber=1&acl&response-expires=a+b"};
  request["Content-Type"] = "text/plain";
  request["Content-MD5"] = "md5";
  request["X-Amz-Meta-B"] = " two ";
  request["x-amz-meta-a"] = "one";
  request.headers.emplace_back("x-amz-meta-b", "three");
  EXPECT_EQ(SigV2StringToSign(request.View(), DecodeQuery(request.query), "/bucket/a%20b", "1"),
            "PUT\nmd5\ntext/plain\n1\nx-amz-meta-a:one\nx-amz-meta-b:two,three\n"
            "/bucket/a%20b?acl&partNumber=1&response-expires=a+b&uploadId=a+b");
}

TEST(SigV2, ABucketAloneIsSignedWithASlashOrWithout) {
  for (const char* resource : {"/bucket", "/bucket/"}) {
    SignedRequest request{"GET", "/bucket", "location"};
    SignV2(request, resource);
    EXPECT_EQ(OutcomeV2(request), "ok") << resource;
  }
  SignedRequest key{"GET", "/bucket/key", ""};
  SignV2(key, "/bucket/key/");
  EXPECT_EQ(OutcomeV2(key), "SignatureDoesNotMatch");
}

TEST(SigV2, VirtualHostStyleSignsTheBucketInTheResource) {
  SignedRequest request{"GET", "/a//b%20c", "", {}, "bucket"};
  SignV2(request, "/bucket/a//b%20c");
  EXPECT_EQ(OutcomeV2(request), "ok");
  request.virtual_bucket.clear();
  EXPECT_EQ(OutcomeV2(request), "SignatureDoesNotMatch");
}

TEST(SigV2, AnAmzHeaderAddedToTheUrlBreaksIt) {
  SignedRequest request{"PUT", "/bucket/key", ""};
  SignV2(request, "/bucket/key");
  EXPECT_EQ(OutcomeV2(request), "ok");
  SignedRequest changed = request;
  changed["x-amz-copy-source"] = "/other/secret";
  EXPECT_EQ(OutcomeV2(changed), "SignatureDoesNotMatch");
  changed = request;
  changed.query += "&x-amz-acl=public-read";
  EXPECT_EQ(OutcomeV2(changed), "SignatureDoesNotMatch");
}

TEST(SigV2, AHeaderThatTheUrlHoldsAlreadyMayBeSentToo) {
  SignedRequest request{"PUT", "/bucket/key", "x-amz-acl=private"};
  SignV2(request, "/bucket/key");
  EXPECT_EQ(OutcomeV2(request), "ok");
  request["x-amz-acl"] = "private";
  EXPECT_EQ(OutcomeV2(request), "ok");
  request["x-amz-acl"] = "public-read";
  EXPECT_EQ(OutcomeV2(request), "SignatureDoesNotMatch");
}

// What decides must be read as it is acted upon.
TEST(SigV2, ASubResourceAddedToTheUrlBreaksItHoweverItIsSpelled) {
  SignedRequest request{"PUT", "/bucket/key", ""};
  SignV2(request, "/bucket/key");
  for (const char* added : {"acl", "%61cl", "a%63l", "t%61gging", "upl%6Fads",
                            "upload%49d=x&part%4eumber=1", "response%2Dcontent-type=text/html"}) {
    SignedRequest changed = request;
    changed.query += "&" + std::string(added);
    EXPECT_EQ(OutcomeV2(changed), "SignatureDoesNotMatch") << added;
  }
  SignedRequest encoded{"GET", "/bucket/key", "%61cl"};
  SignV2(encoded, "/bucket/key");
  EXPECT_EQ(OutcomeV2(encoded), "ok");
  encoded.query.replace(0, 5, "acl");
  EXPECT_EQ(OutcomeV2(encoded), "ok") << "it is the same";
}

// All of these have the string to sign of the first, and would act as other headers than it does.
TEST(SigV2, ParametersThatStandForHeadersCanNotBeMergedNorSplit) {
  SignedRequest request{"PUT", "/bucket/key",
                        "x-amz-copy-source=/bucket/secret&x-amz-metadata-directive=COPY"};
  SignV2(request, "/bucket/key");
  EXPECT_EQ(OutcomeV2(request), "ok");
  const std::string rest = request.query.substr(request.query.find("&AWSAccessKeyId"));
  for (const char* merged :
       {"x-amz-copy-source%3A/bucket/secret%0Ax-amz-metadata-directive=COPY",
        "x-amz-copy-source=/bucket/secret%0Ax-amz-metadata-directive%3ACOPY"}) {
    request.query = merged + rest;
    EXPECT_EQ(OutcomeV2(request), "SignatureDoesNotMatch") << merged;
  }

  SignedRequest grants{"PUT", "/bucket/key", "x-amz-meta-a=1%2C2"};
  SignV2(grants, "/bucket/key");
  EXPECT_EQ(OutcomeV2(grants), "ok");
  const std::string end = grants.query.substr(grants.query.find("&AWSAccessKeyId"));
  grants.query = "x-amz-meta-a=1&x-amz-meta-a=2" + end;
  EXPECT_EQ(OutcomeV2(grants), "SignatureDoesNotMatch");
  grants.query = "x-amz-meta-a=2" + end;
  grants["x-amz-meta-a"] = "1";
  EXPECT_EQ(OutcomeV2(grants), "SignatureDoesNotMatch");
}

TEST(SigV2, Refusals) {
  SignedRequest request{"GET", "/bucket/key", ""};
  SignV2(request, "/bucket/key");
  EXPECT_EQ(OutcomeV2(request, "20260101T000100Z"), "ok");
  EXPECT_EQ(OutcomeV2(request, "20260101T000101Z"), "AccessDenied");
  SignedRequest changed = request;
  changed.query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x";
  EXPECT_EQ(OutcomeV2(changed), "AccessDenied");
  changed.query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=soon";
  EXPECT_EQ(OutcomeV2(changed), "AccessDenied");
  changed.query = "AWSAccessKeyId=nobody&Signature=x&Expires=" + std::string(kExpires);
  EXPECT_EQ(OutcomeV2(changed), "InvalidAccessKeyId");
  changed.query =
      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=" + std::string(kExpires);
  EXPECT_EQ(OutcomeV2(changed), "SignatureDoesNotMatch");
}

}  // namespace
}  // namespace mkv::s3
