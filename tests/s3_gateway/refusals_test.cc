// What is refused before an operation begins, and how the client is told.
#include <regex>
#include <thread>

#include "tests/s3_gateway/s3_gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

int StatusOf(const std::string& response) {
  return response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}

std::string HeaderOf(const std::string& response, const std::string& name) {
  const std::size_t begin = response.find("\r\n" + name + ": ");
  if (begin >= response.find("\r\n\r\n")) return {};
  const std::size_t from = begin + name.size() + 4;
  return response.substr(from, response.find("\r\n", from) - from);
}

class RefusalsTest : public S3GatewayTest {
 protected:
  std::string Ask(const std::string& request, bool after_head = false) {
    RawConnection connection(cluster().gateway().port());
    connection.Send(request);
    return connection.ReadResponse(after_head);
  }
  static std::string IdOf(const std::string& response) {
    return HeaderOf(response, "x-amz-request-id");
  }
  bool LogHas(const std::string& text) {
    for (int i = 0; i < 500; ++i) {
      if (cluster().gateway().Log().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

constexpr char kSigned[] = "Authorization: AWS4-HMAC-SHA256 Credential=a/b\r\n";

TEST_F(RefusalsTest, OfTheHttpLayerHaveTheIdOfTheLogLine) {
  StartS3({"-v", "-max-head", "2000"});
  const std::string host = "Host: x\r\n";
  const std::pair<std::string, int> requests[] = {
      {"GET /b/%zz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET /b\x01 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET /b HTTP/1.1\r\n\r\n", 400},
      {"GET /b HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"GET /b HTTP/1.1\n" + host + "\r\n", 400},
      {"PUT /b/k HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n", 400},
      {"GET /b HTTP/2.0\r\n" + host + "\r\n", 505},
      {"GET /" + std::string(4000, 'a'), 414},
      {"GET /b HTTP/1.1\r\n" + host + "A: " + std::string(4000, 'a'), 431}};
  for (const auto& [request, status] : requests) {
    const std::string response = Ask(request);
    EXPECT_EQ(StatusOf(response), status) << request;
    EXPECT_TRUE(std::regex_match(IdOf(response), std::regex("[0-9A-F]{16}"))) << response;
    EXPECT_TRUE(LogHas("debug " + IdOf(response) + " 127.0.0.1:")) << request;
    EXPECT_EQ(HeaderOf(response, "Content-Type"), "text/plain; charset=utf-8") << request;
  }
}

TEST_F(RefusalsTest, OfWhatIsRecognisablyS3AreDocumentsOfS3) {
  StartS3({"-max-head", "2000", "-max-header-fields", "5"});
  const std::string fields = std::string("Host: x\r\n") + kSigned;
  struct Refused {
    std::string request;
    int status;
    std::string code;
  };
  const Refused requests[] = {
      {"GET /b/%zz HTTP/1.1\r\n" + fields + "\r\n", 400, "InvalidURI"},
      {"GET /b/%zz?X-Amz-Signature=a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "InvalidURI"},
      {"GET b HTTP/1.1\r\nHost: x\r\nx-amz-date: 1\r\n\r\n", 400, "InvalidURI"},
      {"GET /b HTTP/1.1\r\n" + std::string(kSigned) + "\r\n", 400, "BadRequest"},
      {"GET /b HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n", 400, "BadRequest"},
      {"PUT /b/k HTTP/1.1\r\nContent-Length: x\r\n" + fields + "\r\n", 400, "BadRequest"},
      {"GET /b/k?X-Amz-Signature=" + std::string(4000, 'a'), 414, "InvalidURI"},
      {"GET /b/k HTTP/1.1\r\n" + fields + "A: " + std::string(4000, 'a'), 431,
       "RequestHeaderSectionTooLarge"},
      {"GET /b/k HTTP/1.1\r\n" + fields + "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n\r\n", 431,
       "RequestHeaderSectionTooLarge"}};
  for (const auto& [request, status, code] : requests) {
    const std::string response = Ask(request);
    EXPECT_EQ(StatusOf(response), status) << request;
    EXPECT_EQ(Element(response, "Code"), code) << response;
    EXPECT_EQ(Element(response, "RequestId"), IdOf(response));
    EXPECT_NE(IdOf(response), "");
  }
  EXPECT_EQ(Element(Ask("GET /b/%zz?a HTTP/1.1\r\n" + fields + "\r\n"), "Resource"), "/b/%zz");
  const std::string head = Ask("HEAD /b/%zz HTTP/1.1\r\n" + fields + "\r\n", true);
  EXPECT_EQ(StatusOf(head), 400);
  EXPECT_NE(IdOf(head), "");
}

// RFC 9110 section 8.6: of a HEAD as of a GET, or not at all.
TEST_F(RefusalsTest, OfAHeadTellTheLengthOfTheDocumentThatAGetHas) {
  StartS3();
  for (const char* const target : {"/bkt/none", "/none/k", "/none"}) {
    const HttpResponse get = S3("admin", {.target = target});
    const HttpResponse head = S3("admin", {.method = "HEAD", .target = target});
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(head.Header("Content-Length"), std::to_string(get.body.size()));
    EXPECT_EQ(head.Header("Content-Type"), get.Header("Content-Type"));
  }
}

TEST_F(RefusalsTest, OfTheNativeApiHaveAnIdToo) {
  StartS3({"-v"});
  const HttpResponse unknown = S3("", {.target = "/bkt/k"});
  EXPECT_EQ(unknown.status, 401);
  EXPECT_TRUE(LogHas("debug " + unknown.Header("x-amz-request-id") + " 127.0.0.1:"));
  const HttpResponse forbidden = Do("PUT", "/key", {"Authorization: Basic Ym9iOmJvYi1zZWNyZXQ="});
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_TRUE(LogHas("debug " + forbidden.Header("x-amz-request-id") + " 127.0.0.1:"));
}

TEST_F(RefusalsTest, AWriteByASubResourceThatIsNotKnownChangesNothing) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/k", .body = "value"}).status, 200);
  for (const char* target :
       {"/bkt/k?append", "/bkt/k?Tagging", "/bkt/k?annotations", "/bkt?undo"}) {
    for (const char* method : {"PUT", "POST", "DELETE"}) {
      const HttpResponse refused =
          S3("admin", {.method = method, .target = target, .body = "another"});
      EXPECT_EQ(refused.status, 501) << method << target;
      EXPECT_EQ(Code(refused), "NotImplemented");
    }
  }
  EXPECT_EQ(S3("admin", {.target = "/bkt/k?undo"}).body, "value");
}

TEST_F(RefusalsTest, AKeyThatIsPermanentHasNoToken) {
  StartS3();
  const HttpResponse refused = S3("admin", {.headers = {"x-amz-security-token: t"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Code(refused), "InvalidToken");
  EXPECT_EQ(Code(S3("", {.target = Presign("admin", "GET", "/", "X-Amz-Security-Token=t")})),
            "InvalidToken");
  EXPECT_EQ(S3("", {.target = Presign("admin", "GET", "/", "X-Amz-Security-Token=")}).status, 200)
      << "none is given";
  // Whoever has no right is told so first.
  EXPECT_EQ(Code(S3("nobody", {.headers = {"x-amz-security-token: t"}})), "InvalidAccessKeyId");
}

TEST_F(RefusalsTest, WhetherThereIsABucketIsToldToThoseWithRightsOnItsName) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/there"}).status, 200);
  ASSERT_EQ(S3("bob", {.method = "PUT", .target = "/shared-bobs"}).status, 200);
  for (const char* bucket : {"/there", "/absent"}) {
    const std::string name = bucket;
    for (const std::string& target : {name, name + "?list-type=2", name + "/k?x-id=GetObject"}) {
      EXPECT_EQ(Code(S3("bob", {.target = target})), "AccessDenied") << target;
    }
    for (const std::string& target : {name, name + "/k"}) {
      EXPECT_EQ(S3("bob", {.method = "HEAD", .target = target}).status, 403) << target;
    }
    EXPECT_EQ(Code(S3("", {.target = name + "/k?x-id=GetObject"})), "AccessDenied");
    EXPECT_EQ(Code(S3("bob", {.method = "PUT",
                              .target = "/shared-bobs/k",
                              .headers = {"x-amz-copy-source: " + name + "/k"}})),
              "AccessDenied")
        << name;
  }
  EXPECT_EQ(Code(S3("bob", {.target = "/shared-absent/k"})), "NoSuchBucket");
  EXPECT_EQ(Code(S3("admin", {.target = "/absent/k"})), "NoSuchBucket");
  EXPECT_EQ(Code(S3("bob", {.method = "PUT",
                            .target = "/shared-bobs/k",
                            .headers = {"x-amz-copy-source: /shared-absent/k"}})),
            "NoSuchBucket");
}

// The SDKs ask there for which region they should have signed.
TEST_F(RefusalsTest, OfAHeadTellTheRegion) {
  StartS3({"-region", "eu-west-1"});
  for (const char* target : {"/bkt", "/bkt/k"}) {
    const HttpResponse refused = S3("admin", {.method = "HEAD", .target = target});
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_EQ(refused.Header("x-amz-bucket-region"), "eu-west-1") << target;
  }
  EXPECT_EQ(S3("admin", {.method = "HEAD", .target = "/"}).Header("x-amz-bucket-region"), "");
}

TEST_F(RefusalsTest, OfAClientThatIsTooSlowAreThoseThatTheSdksTryAgain) {
  StartS3({"-head-timeout", "1s"});
  const std::string slow = "PUT /b/k HTTP/1.1\r\nHost: x\r\n" + std::string(kSigned) + "X-Amz-";
  const std::string response = Ask(slow);
  EXPECT_EQ(StatusOf(response), 400);
  EXPECT_EQ(Element(response, "Code"), "RequestTimeout");
  EXPECT_EQ(StatusOf(Ask("PUT /k HTTP/1.1\r\nHost: x\r\nA")), 408) << "natively";
}

// Both lines together are what was signed, and the first alone is what would be done.
TEST_F(RefusalsTest, OfAHeaderThatIsGivenTwice) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/a", .body = "a"}).status, 200);
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt/a,b", .body = "a,b"}).status, 200);
  const auto copy = [this](std::vector<std::string> headers) {
    return S3("admin", {.method = "PUT", .target = "/bkt/copy", .headers = std::move(headers)});
  };
  const HttpResponse refused = copy({"x-amz-copy-source: /bkt/a", "X-Amz-Copy-Source: b"});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Code(refused), "InvalidRequest");
  EXPECT_EQ(S3("admin", {.target = "/bkt/copy"}).status, 404);
  EXPECT_EQ(copy({"x-amz-copy-source: /bkt/a,b"}).status, 200);
  EXPECT_EQ(S3("admin", {.target = "/bkt/copy"}).body, "a,b");
  // Of these all lines are read.
  EXPECT_EQ(S3("admin", {.method = "PUT",
                         .target = "/bkt/k",
                         .headers = {"x-amz-meta-a: 1", "x-amz-meta-a: 2"},
                         .body = "v"})
                .status,
            200);
  EXPECT_EQ(S3("admin", {.method = "HEAD", .target = "/bkt/k"}).Header("x-amz-meta-a"), "1,2");
}

TEST_F(RefusalsTest, OfADocumentAreTheSameHoweverFarItIsOverItsLimit) {
  StartS3();
  ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
  for (const std::size_t size : {100 << 10, 1 << 20, 4 << 20}) {
    const HttpResponse refused =
        S3("admin", {.method = "PUT", .target = "/bkt?tagging", .body = std::string(size, ' ')});
    EXPECT_EQ(refused.status, 400) << size;
    EXPECT_EQ(Code(refused), "MaxMessageLengthExceeded") << size;
  }
}

}  // namespace
}  // namespace mkv::testing
