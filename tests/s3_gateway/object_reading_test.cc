#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class ObjectReadingTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = "0123456789"}).status, 200);
  }
  HttpResponse Read(std::vector<std::string> headers, const std::string& method = "GET") {
    return S3("admin", {.method = method, .target = "/bkt/k", .headers = std::move(headers)});
  }
};

TEST_F(ObjectReadingTest, ARangeIsOfTheObjectThatTheClientHasAPartOf) {
  const HttpResponse whole = Read({});
  for (const std::string& same : {whole.Header("ETag"), whole.Header("Last-Modified")}) {
    const HttpResponse part = Read({"Range: bytes=2-4", "If-Range: " + same});
    EXPECT_EQ(part.status, 206) << same;
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(Read({"Range: bytes=90-", "If-Range: " + same}).status, 416) << same;
  }
  for (const std::string& other :
       {std::string("\"0123\""), "W/" + whole.Header("ETag"),
        std::string("Mon, 12 Oct 2009 17:50:30 GMT"),
        // The date of an older object is not that of this one, though this one is not newer.
        std::string("Mon, 12 Oct 2099 17:50:30 GMT")}) {
    for (const char* range : {"Range: bytes=2-4", "Range: bytes=90-"}) {
      const HttpResponse got = Read({range, "If-Range: " + other});
      EXPECT_EQ(got.status, 200) << other;
      EXPECT_EQ(got.body, "0123456789");
      EXPECT_FALSE(got.HasHeader("Content-Range"));
      const HttpResponse head = Read({range, "If-Range: " + other}, "HEAD");
      EXPECT_EQ(head.status, 200) << other;
      EXPECT_EQ(head.Header("Content-Length"), "10");
    }
  }
  EXPECT_EQ(Read({"If-Range: \"0123\""}).body, "0123456789") << "without a Range it says nothing";
}

TEST_F(ObjectReadingTest, AKeyForAnObjectThatIsNotEncryptedIsRefused) {
  for (const char* target : {"/bkt/k", "/bkt/k?attributes"}) {
    const HttpResponse refused =
        S3("admin", {.target = target,
                     .headers = {"x-amz-server-side-encryption-customer-algorithm: AES256",
                                 "x-amz-object-attributes: ETag"}});
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_EQ(Code(refused), "InvalidRequest") << refused.body;
  }
}

}  // namespace
}  // namespace mkv::testing
