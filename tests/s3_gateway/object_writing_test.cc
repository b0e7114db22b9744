#include "s3api/checksum/digest.h"
#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class ObjectWritingTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin",
                 {.method = "PUT", .target = "/bkt", .headers = {"x-amz-acl: public-read-write"}})
                  .status,
              200);
  }
};

TEST_F(ObjectWritingTest, AnUploadThatDoesNotTellItsLengthStoresNothing) {
  const HttpResponse created = S3("admin", {.method = "POST", .target = "/bkt/parts?uploads"});
  const std::string upload = Element(created.body, "UploadId");
  for (const std::string& target :
       {std::string("/bkt/k"), "/bkt/parts?partNumber=1&uploadId=" + upload}) {
    const HttpResponse put = S3("admin", {.method = "PUT", .target = target});
    EXPECT_EQ(put.status, 411) << target;
    EXPECT_EQ(Code(put), "MissingContentLength");
  }
  EXPECT_EQ(S3("", {.method = "PUT", .target = "/bkt/k"}).status, 411) << "from anybody";
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).status, 404);
  EXPECT_EQ(Element(S3("admin", {.target = "/bkt/parts?uploadId=" + upload}).body, "Part"), "");

  EXPECT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = ""}).status, 200);
  // What needs no body needs no length.
  EXPECT_EQ(S3("admin", {.method = "PUT", .target = "/other"}).status, 200);
  EXPECT_EQ(S3("admin",
               {.method = "PUT", .target = "/bkt/copy", .headers = {"x-amz-copy-source: /bkt/k"}})
                .status,
            200);
}

// Into a bucket that everybody may write.
TEST_F(ObjectWritingTest, AnUploadThatNobodySignedIsHeldToWhatItSaysOfItself) {
  const auto put = [this](const std::string& hash, const std::string& body,
                          std::vector<std::string> headers = {}) {
    headers.push_back("x-amz-content-sha256: " + hash);
    return S3("",
              {.method = "PUT", .target = "/bkt/k", .headers = std::move(headers), .body = body});
  };
  EXPECT_EQ(Code(put(s3::Sha256Hex("value"), "damaged")), "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Code(put("nonsense", "value")), "InvalidArgument");
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).status, 404);
  EXPECT_EQ(put(s3::Sha256Hex("value"), "value").status, 200);
  EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).body, "value");

  const std::string signature = ";chunk-signature=" + std::string(64, '0');
  for (const auto& [hash, framed] :
       {std::pair<std::string, std::string>{"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                                            "5\r\nhello\r\n0\r\n\r\n"},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
         "5" + signature + "\r\nhello\r\n0" + signature + "\r\n\r\n"}}) {
    ASSERT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt/k"}).status, 204);
    const HttpResponse sent =
        put(hash, framed,
            {"x-amz-decoded-content-length: 5", "Content-Encoding: aws-chunked", "Expect:"});
    EXPECT_EQ(sent.status, 200) << hash << sent.body;
    EXPECT_EQ(S3("admin", {.target = "/bkt/k"}).body, "hello") << hash;
  }
}

TEST_F(ObjectWritingTest, ACodingOfTheContentComesBackAsItWasSent) {
  for (const char* coding : {"gzip,br", "gzip ,  br", "gzip,"}) {
    ASSERT_EQ(S3("admin", {.method = "PUT",
                           .target = "/bkt/k",
                           .headers = {std::string("Content-Encoding: ") + coding},
                           .body = "x"})
                  .status,
              200);
    EXPECT_EQ(S3("admin", {.method = "HEAD", .target = "/bkt/k"}).Header("Content-Encoding"),
              coding);
  }
}

// Blob and sidecar go out together, and both fail.
TEST_F(ObjectWritingTest, TheLogNamesAVolumeOnceThatTakesNeitherBlobNorSidecar) {
  const auto put = [this] {
    return S3("admin",
              {.method = "PUT", .target = "/bkt/k", .headers = {"x-amz-meta-a: b"}, .body = "v"})
        .status;
  };
  ASSERT_EQ(put(), 200);  // the loop knows the bucket from here on
  const std::string name = cluster().volume(0).name();
  cluster().volume(0).Kill();
  EXPECT_EQ(put(), 503);
  const std::string log = cluster().gateway().Log();
  const std::size_t line = log.find("too few volumes took ");
  ASSERT_NE(line, std::string::npos) << log;
  const std::string failures = log.substr(line, log.find('\n', line) - line);
  EXPECT_NE(failures.find(name), std::string::npos) << failures;
  EXPECT_EQ(failures.find(name), failures.rfind(name)) << failures;
}

}  // namespace
}  // namespace mkv::testing
