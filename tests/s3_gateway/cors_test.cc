#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

constexpr char kRules[] =
    "<CORSConfiguration>"
    "<CORSRule><AllowedOrigin>http://*.example</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
    "<AllowedMethod>POST</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>"
    "<AllowedHeader>Content-Type</AllowedHeader><ExposeHeader>ETag</ExposeHeader>"
    "<MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>"
    "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
    "</CORSConfiguration>";

class CorsTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("admin", {.method = "PUT", .target = "/bkt"}).status, 200);
    const HttpResponse set = S3("admin", {.method = "PUT", .target = "/bkt?cors", .body = kRules});
    ASSERT_EQ(set.status, 200) << set.body;
  }
  HttpResponse Preflight(const std::string& target, const std::string& origin,
                         const std::string& method, const std::string& headers = {}) {
    std::vector<std::string> all;
    if (!origin.empty()) all.push_back("Origin: " + origin);
    if (!method.empty()) all.push_back("Access-Control-Request-Method: " + method);
    if (!headers.empty()) all.push_back("Access-Control-Request-Headers: " + headers);
    return S3("", {.method = "OPTIONS", .target = target, .headers = std::move(all)});
  }
};

TEST_F(CorsTest, APreflightIsAnsweredByTheFirstRuleThatFits) {
  const HttpResponse allowed = Preflight("/bkt/key?X-Amz-Signature=none", "http://www.example",
                                         "PUT", "x-amz-meta-A, content-type");
  EXPECT_EQ(allowed.status, 200) << allowed.body;
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Origin"), "http://www.example");
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Methods"), "PUT, POST");
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Headers"), "x-amz-meta-a, content-type");
  EXPECT_EQ(allowed.Header("Access-Control-Expose-Headers"), "ETag");
  EXPECT_EQ(allowed.Header("Access-Control-Max-Age"), "600");
  EXPECT_NE(allowed.Header("Vary").find("Origin"), std::string::npos);
  EXPECT_EQ(Preflight("/bkt/key", "https://elsewhere", "GET").Header("Access-Control-Allow-Origin"),
            "*");
}

TEST_F(CorsTest, APreflightThatNoRuleAllowsIsForbidden) {
  for (const HttpResponse& refused :
       {Preflight("/bkt/key", "https://elsewhere", "PUT"),
        Preflight("/bkt/key", "http://www.example", "DELETE"),
        Preflight("/bkt/key", "http://www.example", "PUT", "authorization"),
        Preflight("/absent/key", "http://www.example", "PUT")}) {
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(Code(refused), "AccessForbidden");
    EXPECT_FALSE(refused.HasHeader("Access-Control-Allow-Origin"));
  }
  EXPECT_EQ(Code(Preflight("/bkt/key", "", "PUT")), "BadRequest");
  EXPECT_EQ(Code(Preflight("/bkt/key", "http://www.example", "")), "BadRequest");
}

TEST_F(CorsTest, RealAnswersCarryTheHeadersWhateverTheirStatus) {
  const std::vector<std::string> origin = {"Origin: http://www.example"};
  const HttpResponse put =
      S3("admin", {.method = "PUT", .target = "/bkt/key", .headers = origin, .body = "value"});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.Header("Access-Control-Allow-Origin"), "http://www.example");
  EXPECT_EQ(put.Header("Access-Control-Expose-Headers"), "ETag");
  // Streamed.
  const HttpResponse got = S3("admin", {.target = "/bkt/key", .headers = origin});
  EXPECT_EQ(got.body, "value");
  EXPECT_EQ(got.Header("Access-Control-Allow-Origin"), "*");
  // Errors of the operation, of the rights, and of the signature, which is refused elsewhere.
  for (const HttpResponse& refused : {S3("admin", {.target = "/bkt/absent", .headers = origin}),
                                      S3("alice", {.target = "/bkt/key", .headers = origin}),
                                      S3("stranger", {.target = "/bkt/key", .headers = origin})}) {
    EXPECT_EQ(refused.status / 100, 4);
    EXPECT_EQ(refused.Header("Access-Control-Allow-Origin"), "*");
  }
  // Answers differ by origin, which caches have to know even when there is none.
  EXPECT_NE(S3("admin", {.target = "/bkt/key"}).Header("Vary").find("Origin"), std::string::npos);
  EXPECT_FALSE(S3("admin", {.method = "DELETE", .target = "/bkt/key", .headers = origin})
                   .HasHeader("Access-Control-Allow-Origin"));
}

// The settings are not known on the event loop, where a signature is refused.
TEST_F(CorsTest, ARefusedSignatureCarriesThemRightAfterAStart) {
  ASSERT_EQ(cluster().gateway().Terminate(), 0);
  cluster().gateway().Start();
  const HttpResponse refused =
      S3("stranger", {.target = "/bkt/key", .headers = {"Origin: http://www.example"}});
  EXPECT_EQ(Code(refused), "InvalidAccessKeyId");
  EXPECT_EQ(refused.Header("Access-Control-Allow-Origin"), "*");
}

TEST_F(CorsTest, RulesComeBackAndGo) {
  const std::string rules = S3("admin", {.target = "/bkt?cors"}).body;
  EXPECT_NE(rules.find("<AllowedHeader>x-amz-*</AllowedHeader>"), std::string::npos) << rules;
  EXPECT_EQ(S3("admin", {.method = "DELETE", .target = "/bkt?cors"}).status, 204);
  const HttpResponse none = S3("admin", {.target = "/bkt?cors"});
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(Code(none), "NoSuchCORSConfiguration");
  EXPECT_EQ(Preflight("/bkt/key", "http://www.example", "PUT").status, 403);
}

}  // namespace
}  // namespace mkv::testing
