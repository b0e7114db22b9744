// What is wrong with a signature, and the code that S3 answers with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

SignedRequest GoodRequest() {
  SignedRequest request{"PUT", "/bucket/key", ""};
  request["Host"] = "localhost:3000";
  request["x-amz-date"] = kExampleTime;
  request["x-amz-content-sha256"] = kUnsignedPayload;
  request.Sign();
  return request;
}

const std::string kGoodPresigned =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
    "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
    "X-Amz-SignedHeaders=host&X-Amz-Signature="
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

SignedRequest Presigned(std::string query) {
  SignedRequest request{"GET", "/test.txt", std::move(query)};
  request["Host"] = "examplebucket.s3.amazonaws.com";
  return request;
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Refusal RefusalOf(const SignedRequest& request, std::string_view now = kExampleTime) {
  const auto result = AuthenticateExample(request, now);
  const auto* refusal = std::get_if<Refusal>(&result);
  return refusal != nullptr ? *refusal : Refusal{200, Outcome(result), ""};
}

TEST(Refusals, AGoodRequestHasNone) {
  EXPECT_EQ(Outcome(AuthenticateExample(GoodRequest())), "ok");
  EXPECT_EQ(Outcome(AuthenticateExample(Presigned(kGoodPresigned))), "ok");
}

TEST(Refusals, WithoutCredentialsARequestIsAnonymous) {
  SignedRequest request = GoodRequest();
  request.Remove("Authorization");
  EXPECT_EQ(Outcome(AuthenticateExample(request)), "anonymous");
}

TEST(Refusals, UnknownAccessKeyIsInvalidAccessKeyId) {
  SignedRequest request = GoodRequest();
  request["Authorization"] = Replaced(request["Authorization"], "AKIA", "BKIA");
  EXPECT_EQ(RefusalOf(request).code, "InvalidAccessKeyId");
  EXPECT_EQ(RefusalOf(request).status, 403);
  EXPECT_EQ(RefusalOf(Presigned(Replaced(kGoodPresigned, "AKIA", "BKIA"))).code,
            "InvalidAccessKeyId");
}

TEST(Refusals, WrongSignatureIsSignatureDoesNotMatchAndShowsWhatWasSigned) {
  SignedRequest request = GoodRequest();
  request.path = "/bucket/other";
  const Refusal refusal = RefusalOf(request);
  EXPECT_EQ(refusal.code, "SignatureDoesNotMatch");
  EXPECT_EQ(refusal.status, 403);
  EXPECT_THAT(refusal.details, ::testing::Contains(::testing::Pair(
                                   "CanonicalRequest", StartsWith("PUT\n/bucket/other\n"))));
}

TEST(Refusals, EveryOtherSignatureIsWrong) {
  const SignedRequest good = GoodRequest();
  const std::string authorization = good.View().Header("Authorization").value().data();
  for (std::size_t i = authorization.size() - 64; i < authorization.size(); ++i) {
    SignedRequest request = good;
    request["Authorization"][i] = request["Authorization"][i] == '0' ? '1' : '0';
    EXPECT_EQ(RefusalOf(request).code, "SignatureDoesNotMatch");
  }
  SignedRequest request = good;
  request["Authorization"].pop_back();
  EXPECT_EQ(RefusalOf(request).code, "SignatureDoesNotMatch");
}

TEST(Refusals, SkewOfMoreThanFifteenMinutesIsRequestTimeTooSkewed) {
  const SignedRequest request = GoodRequest();
  EXPECT_EQ(RefusalOf(request, "20130524T001500Z").code, "ok");
  EXPECT_EQ(RefusalOf(request, "20130524T001501Z").code, "RequestTimeTooSkewed");
  EXPECT_EQ(RefusalOf(request, "20130523T234500Z").code, "ok");
  EXPECT_EQ(RefusalOf(request, "20130523T234459Z").code, "RequestTimeTooSkewed");
  EXPECT_EQ(RefusalOf(request, "20140524T000000Z").status, 403);
}

TEST(Refusals, ThePlainDateHeaderServesAsWell) {
  SignedRequest request = GoodRequest();
  request.Sign({"x-amz-date"});
  request.Remove("x-amz-date");
  request["Date"] = "Fri, 24 May 2013 00:00:00 GMT";
  EXPECT_EQ(RefusalOf(request).code, "ok");
  request["Date"] = "Fri, 24 May 2013 00:00:01 GMT";
  EXPECT_EQ(RefusalOf(request).code, "SignatureDoesNotMatch");
}

TEST(Refusals, WithoutAValidDateAccessIsDenied) {
  SignedRequest request = GoodRequest();
  request["x-amz-date"] = "Fri, 24 May 2013 00:00:00 GMT";
  EXPECT_EQ(RefusalOf(request).code, "AccessDenied");
  request.Remove("x-amz-date");
  EXPECT_EQ(RefusalOf(request).code, "AccessDenied");
  EXPECT_EQ(RefusalOf(request).status, 403);
}

TEST(Refusals, HostMustBeSigned) {
  SignedRequest request = GoodRequest();
  request.Sign({"host"});
  EXPECT_EQ(RefusalOf(request).code, "AccessDenied");
  EXPECT_THAT(RefusalOf(request).details,
              ::testing::ElementsAre(::testing::Pair("HeadersNotSigned", "host")));
}

TEST(Refusals, EveryAmzHeaderMustBeSigned) {
  SignedRequest request = GoodRequest();
  request["X-AMZ-Copy-Source"] = "/other/secret";
  EXPECT_EQ(RefusalOf(request).code, "AccessDenied");
  request.Sign();
  EXPECT_EQ(RefusalOf(request).code, "ok");
  request["x-amz-acl"] = "public-read";
  EXPECT_EQ(RefusalOf(request).code, "AccessDenied");

  SignedRequest presigned = Presigned(kGoodPresigned);
  presigned["x-amz-copy-source"] = "/other/secret";
  EXPECT_EQ(RefusalOf(presigned).code, "AccessDenied");
}

TEST(Refusals, ContentSha256NeedNotBeAmongTheSignedHeaders) {
  SignedRequest request = GoodRequest();
  request.Sign({"x-amz-content-sha256"});
  EXPECT_EQ(RefusalOf(request).code, "ok");
  request["x-amz-content-sha256"] = kSha256OfNothing;
  EXPECT_EQ(RefusalOf(request).code, "SignatureDoesNotMatch");
}

TEST(Refusals, ContentSha256MustBeThere) {
  SignedRequest request = GoodRequest();
  request.Remove("x-amz-content-sha256");
  EXPECT_EQ(RefusalOf(request).code, "InvalidRequest");
  EXPECT_THAT(RefusalOf(request).message, HasSubstr("x-amz-content-sha256"));
}

TEST(Refusals, ContentSha256MustBeOneOfTheKnownValues) {
  SignedRequest request = GoodRequest();
  for (const char* value : {"", "unsigned-payload", "e3b0", "STREAMING-PAYLOAD"}) {
    request["x-amz-content-sha256"] = value;
    request.Sign();
    EXPECT_EQ(RefusalOf(request).code, "InvalidArgument") << value;
  }
  request["x-amz-content-sha256"] = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER";
  request.Sign();
  EXPECT_EQ(RefusalOf(request).code, "NotImplemented");
}

TEST(Refusals, MalformedAuthorizationHeaders) {
  const std::string good = GoodRequest()["Authorization"];
  const std::string scope = "/20130524/us-east-1/s3/aws4_request";
  for (const std::string& bad :
       {Replaced(good, "Credential=", "Credentials="), Replaced(good, "Signature=", "Signature"),
        Replaced(good, ",SignedHeaders=host;x-amz-content-sha256;x-amz-date", ""),
        Replaced(good, "host;x-amz-content-sha256;x-amz-date", ""), Replaced(good, scope, ""),
        Replaced(good, scope, "/20130524/us-east-1/s3"),
        Replaced(good, scope, "/2013/us-east-1/s3/aws4_request"),
        Replaced(good, scope, "/20130525/us-east-1/s3/aws4_request"),
        Replaced(good, scope, "/20130524/us-east-1/ec2/aws4_request"),
        Replaced(good, scope, "/20130524//s3/aws4_request"),
        Replaced(good, scope, "/20130524/us-east-1/s3/aws3_request"), good + ",Extra=1",
        good + ",Signature=1", std::string("AWS4-HMAC-SHA256 "),
        std::string("AWS4-HMAC-SHA256 nothing")}) {
    SignedRequest request = GoodRequest();
    request["Authorization"] = bad;
    const Refusal refusal = RefusalOf(request);
    EXPECT_TRUE(refusal.code == "AuthorizationHeaderMalformed" || refusal.code == "InvalidArgument")
        << bad << " gave " << refusal.code;
    EXPECT_EQ(refusal.status, 400);
  }
}

TEST(Refusals, SpacesAroundTheComponentsDoNotMatter) {
  SignedRequest request = GoodRequest();
  request["Authorization"] = Replaced(
      Replaced(request["Authorization"], ",SignedHeaders", " ,  SignedHeaders"), ",Sig", ", Sig");
  EXPECT_EQ(RefusalOf(request).code, "ok");
}

TEST(Refusals, AnotherRegionThanTheConfiguredOne) {
  Authenticator authenticator({.region = "eu-west-1"});
  const auto result =
      authenticator.Authenticate(GoodRequest().View(), {}, ExampleSecret, At(kExampleTime));
  ASSERT_EQ(Outcome(result), "AuthorizationHeaderMalformed");
  EXPECT_THAT(std::get<Refusal>(result).details,
              ::testing::ElementsAre(::testing::Pair("Region", "eu-west-1")));
  SignedRequest request = GoodRequest();
  request.Sign({}, "20130524/eu-west-1/s3/aws4_request");
  EXPECT_EQ(Outcome(authenticator.Authenticate(request.View(), request.Parameters(), ExampleSecret,
                                               At(kExampleTime))),
            "ok");
}

TEST(Refusals, MalformedPresignedQueries) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""},
           {"X-Amz-Date=20130524T000000Z&", ""},
           {"X-Amz-Expires=86400&", ""},
           {"X-Amz-SignedHeaders=host&", ""},
           {"&X-Amz-Signature=", "&Nothing="},
           {"X-Amz-Credential=", "Nothing="},
           {"AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"},
           {"20130524T000000Z", "2013-05-24T00:00:00Z"},
           {"%2F20130524%2F", "%2F20130525%2F"},
           {"us-east-1%2Fs3", "us-east-1%2Fec2"},
           {"aws4_request", "aws5_request"},
           {"AKIAIOSFODNN7EXAMPLE%2F", ""},
           {"Expires=86400", "Expires=0"},
           {"Expires=86400", "Expires=-1"},
           {"Expires=86400", "Expires=604801"},
           {"Expires=86400", "Expires=99999999999999999999"},
           {"Expires=86400", "Expires=1h"}}) {
    const Refusal refusal = RefusalOf(Presigned(Replaced(kGoodPresigned, from, to)));
    EXPECT_EQ(refusal.code, "AuthorizationQueryParametersError") << from << " -> " << to;
    EXPECT_EQ(refusal.status, 400);
  }
}

TEST(Refusals, ExpiryOfOneSecondAndSevenDaysIsAccepted) {
  for (const char* expires : {"Expires=1", "Expires=604800"}) {
    EXPECT_EQ(RefusalOf(Presigned(Replaced(kGoodPresigned, "Expires=86400", expires))).code,
              "SignatureDoesNotMatch");
  }
}

TEST(Refusals, PresignedUrlsHoldFromTheirDateToTheirExpiry) {
  const SignedRequest request = Presigned(kGoodPresigned);
  EXPECT_EQ(RefusalOf(request, "20130525T000001Z").message, "Request has expired");
  EXPECT_EQ(RefusalOf(request, "20130525T000001Z").status, 403);
  EXPECT_EQ(RefusalOf(request, "20130523T234459Z").message, "Request is not valid yet");
  EXPECT_EQ(RefusalOf(request, "20130523T234500Z").code, "ok");
}

TEST(Refusals, APayloadHashAddedToAPresignedUrlIsHeldToItsWord) {
  SignedRequest request = Presigned(kGoodPresigned);
  request["x-amz-content-sha256"] = kSha256OfNothing;
  const auto result = AuthenticateExample(request);
  ASSERT_EQ(Outcome(result), "ok");
  EXPECT_EQ(std::get<Signer>(result).payload.sha256, kSha256OfNothing);
}

TEST(Refusals, MoreThanOneWayOfSigning) {
  SignedRequest request = Presigned(kGoodPresigned);
  request["Authorization"] = GoodRequest()["Authorization"];
  EXPECT_EQ(RefusalOf(request).code, "InvalidArgument");
  EXPECT_EQ(RefusalOf(Presigned(kGoodPresigned + "&Signature=x")).code, "InvalidArgument");
  request = GoodRequest();
  request.headers.emplace_back("Authorization", request["Authorization"]);
  EXPECT_EQ(RefusalOf(request).code, "InvalidArgument");
}

TEST(Refusals, OtherAuthorizationHeaders) {
  SignedRequest request = GoodRequest();
  request["Authorization"] = "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g=";
  EXPECT_EQ(RefusalOf(request).code, "InvalidRequest");
  EXPECT_THAT(RefusalOf(request).message, HasSubstr("Please use AWS4-HMAC-SHA256"));
  request["Authorization"] = "AWS4-ECDSA-P256-SHA256 Credential=x";
  EXPECT_EQ(RefusalOf(request).status, 501);
}

TEST(Refusals, NeverRepeatAPassword) {
  SignedRequest request = GoodRequest();
  request["Authorization"] = "Basic cGFzc3dvcmQ=";
  const Refusal refusal = RefusalOf(request);
  EXPECT_EQ(refusal.code, "InvalidArgument");
  for (const auto& [name, value] : refusal.details) EXPECT_THAT(value, Not(HasSubstr("cGFz")));
}

}  // namespace
}  // namespace mkv::s3
