#include "s3api/checksum/digest.h"
#include "s3api/checksum/digest_text.h"
#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class ObjectDeletionTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = "value"}).status, 200);
  }
  static std::string ListOf(const std::string& version) {
    return "<Delete><Object><Key>k</Key>" +
           (version.empty() ? "" : "<VersionId>" + version + "</VersionId>") + "</Object></Delete>";
  }
  static std::string Md5(const std::string& body) {
    s3::Digest md5(s3::Digest::Kind::kMd5);
    md5.Update(body);
    return "Content-MD5: " + s3::Base64(md5.Finish());
  }
  HttpResponse Delete(const std::string& list, std::vector<std::string> headers) {
    return S3(
        "admin",
        {.method = "POST", .target = "/bkt?delete", .headers = std::move(headers), .body = list});
  }
};

TEST_F(ObjectDeletionTest, AListThatNothingVouchesForDeletesNothing) {
  const HttpResponse refused = Delete(ListOf(""), {});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Code(refused), "InvalidRequest");
  EXPECT_EQ(Code(Delete(ListOf(""), {Md5("another")})), "BadDigest");
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).status, 200);

  EXPECT_EQ(Element(Delete(ListOf(""), {Md5(ListOf(""))}).body, "Key"), "k");
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).status, 404);
  const std::string list = ListOf("");
  s3::Digest sha256(s3::Digest::Kind::kSha256);
  sha256.Update(list);
  EXPECT_EQ(Delete(list, {"x-amz-checksum-sha256: " + s3::Base64(sha256.Finish())}).status, 200);
}

// As an SDK does that has lost the first answer.
TEST_F(ObjectDeletionTest, BySizeOrTimeMayBeAskedForAgain) {
  const auto remove = [this](const std::string& header) {
    return S3("admin", {.method = "DELETE", .target = "/bkt/k", .headers = {header}}).status;
  };
  EXPECT_EQ(remove("x-amz-if-match-size: 4"), 412);
  EXPECT_EQ(remove("x-amz-if-match-size: 5"), 204);
  EXPECT_EQ(remove("x-amz-if-match-size: 5"), 204);
  EXPECT_EQ(remove("x-amz-if-match-last-modified-time: Thu, 01 Jan 2015 00:00:00 GMT"), 204);
  EXPECT_EQ(remove("If-Match: \"abc\""), 404);
  const std::string list = "<Delete><Object><Key>k</Key><Size>5</Size></Object></Delete>";
  const HttpResponse several = Delete(list, {Md5(list)});
  EXPECT_EQ(several.body.find("<Error>"), std::string::npos) << several.body;
}

TEST_F(ObjectDeletionTest, OfVersionsOnlyTheOneThatThereIsGoes) {
  const auto remove = [this](const std::string& version) {
    return Delete(ListOf(version), {Md5(ListOf(version))}).body;
  };
  EXPECT_EQ(Element(remove("nonsense"), "Code"), "InvalidArgument");
  const std::string possible(32, 'v');
  EXPECT_EQ(Element(remove(possible), "Code"), "NoSuchVersion");
  EXPECT_EQ(Element(remove(possible), "VersionId"), possible);
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).status, 200);
  const std::string deleted = remove("null");
  EXPECT_EQ(Element(deleted, "Deleted"), "<Key>k</Key><VersionId>null</VersionId>");
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).status, 404);
}

}  // namespace
}  // namespace mkv::testing
