#include "s3api/protocol/cors.h"

#include <gtest/gtest.h>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

CorsRule Rule(const std::string& origin, const std::string& method) {
  CorsRule rule;
  rule.allowed_origins = {origin};
  rule.allowed_methods = {method};
  return rule;
}

std::string Parsed(const std::string& rules) {
  try {
    ParseCorsConfiguration("<CORSConfiguration>" + rules + "</CORSConfiguration>");
  } catch (const S3Error& error) {
    return error.code();
  }
  return "ok";
}

std::string WithRule(const std::string& more) {
  return Parsed("<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>" +
                more + "</CORSRule>");
}

http::RequestHead From(const std::string& origin, const std::string& method,
                       const std::string& headers = {}) {
  http::RequestHead head;
  head.method = method;
  head.headers.add("Origin", origin);
  head.headers.add("Access-Control-Request-Method", method);
  if (!headers.empty()) head.headers.add("Access-Control-Request-Headers", headers);
  return head;
}

std::string AllowedOrigin(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "Access-Control-Allow-Origin") return value;
  }
  return {};
}

bool IsPreflightAllowed(const CorsRule& rule, const http::RequestHead& head) {
  try {
    return !AllowedOrigin(AnswerPreflight({rule}, head)).empty();
  } catch (const S3Error& error) {
    EXPECT_EQ(error.code(), "AccessForbidden");
    return false;
  }
}

TEST(CorsTest, RulesComeBackFromTheirDocument) {
  CorsRule rule = Rule("https://*.example", "PUT");
  rule.id = "one & only";
  rule.allowed_headers = {"*", "x-amz-*"};
  rule.expose_headers = {"ETag", "x-amz-request-id"};
  rule.max_age_seconds = 3600;
  const std::vector<CorsRule> rules = {rule, Rule("*", "GET")};
  EXPECT_EQ(ParseCorsConfiguration(CorsDocument(rules).Text()), rules);
}

TEST(CorsTest, RulesThatS3DoesNotTakeAreRefused) {
  EXPECT_EQ(WithRule(""), "ok");
  EXPECT_EQ(WithRule("<AllowedMethod>PATCH</AllowedMethod>"), "InvalidRequest");
  EXPECT_EQ(WithRule("<AllowedOrigin>http://*.*</AllowedOrigin>"), "InvalidRequest");
  EXPECT_EQ(WithRule("<AllowedHeader>*-*</AllowedHeader>"), "InvalidRequest");
  EXPECT_EQ(WithRule("<ExposeHeader>x-*</ExposeHeader>"), "InvalidRequest");
  EXPECT_EQ(WithRule("<MaxAgeSeconds>soon</MaxAgeSeconds>"), "MalformedXML");
  EXPECT_EQ(WithRule("<MaxAgeSeconds>2147483648</MaxAgeSeconds>"), "MalformedXML");
  EXPECT_EQ(WithRule("<ID>" + std::string(256, 'x') + "</ID>"), "MalformedXML");
  EXPECT_EQ(Parsed(""), "MalformedXML");
  EXPECT_EQ(Parsed("<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>"), "MalformedXML");
  EXPECT_EQ(Parsed("<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>"), "MalformedXML");
  std::string many;
  for (std::size_t i = 0; i <= kMaxCorsRules; ++i) {
    if (i == kMaxCorsRules) {
      EXPECT_EQ(Parsed(many), "ok");
    }
    many +=
        "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
  }
  EXPECT_EQ(Parsed(many), "InvalidRequest");
}

TEST(CorsTest, AStarInAnOriginStandsForAnyCharacters) {
  const CorsRule rule = Rule("http://*.example", "GET");
  EXPECT_TRUE(IsPreflightAllowed(rule, From("http://a.b.example", "GET")));
  EXPECT_FALSE(IsPreflightAllowed(rule, From("http://example", "GET")));
  EXPECT_FALSE(IsPreflightAllowed(rule, From("https://a.example", "GET")));
  EXPECT_FALSE(IsPreflightAllowed(rule, From("http://a.example.evil", "GET")));
  // The parts before and after the star must not overlap.
  EXPECT_FALSE(IsPreflightAllowed(Rule("http://aa*aa", "GET"), From("http://aaa", "GET")));
  EXPECT_FALSE(IsPreflightAllowed(Rule("http://a", "GET"), From("http://A", "GET")));
}

TEST(CorsTest, HeadersAreAllowedWithoutRegardToCase) {
  CorsRule rule = Rule("*", "PUT");
  EXPECT_TRUE(IsPreflightAllowed(rule, From("http://a", "PUT")));
  EXPECT_FALSE(IsPreflightAllowed(rule, From("http://a", "PUT", "content-type")));
  rule.allowed_headers = {"Content-Type", "X-Amz-*"};
  EXPECT_TRUE(IsPreflightAllowed(rule, From("http://a", "PUT", "content-type,X-AMZ-Date")));
  EXPECT_FALSE(IsPreflightAllowed(rule, From("http://a", "PUT", "content-type, x-other")));
}

TEST(CorsTest, OnlyARuleForAnyOriginSaysStar) {
  const std::vector<CorsRule> rules = {Rule("http://*", "GET"), Rule("*", "GET")};
  EXPECT_EQ(AllowedOrigin(CorsHeaders(rules, From("http://a", "GET"))), "http://a");
  EXPECT_EQ(AllowedOrigin(CorsHeaders(rules, From("https://a", "GET"))), "*");
  EXPECT_EQ(AllowedOrigin(CorsHeaders(rules, From("https://a", "PUT"))), "");
  EXPECT_EQ(CorsHeaders(rules, From("https://a", "PUT")).back().first, "Vary");
}

}  // namespace
}  // namespace mkv::s3
