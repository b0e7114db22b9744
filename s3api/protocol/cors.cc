#include "s3api/protocol/cors.h"

#include <Poco/StringTokenizer.h>

#include <algorithm>
#include <array>
#include <limits>

#include "s3api/protocol/error.h"
#include "s3api/protocol/request_body.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::array<std::string_view, 5> kMethods = {"GET", "PUT", "HEAD", "POST", "DELETE"};
constexpr char kVary[] = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

[[noreturn]] void ThrowInvalidRule(const std::string& message) {
  throw S3Error(ErrorCode::kInvalidRequest, message);
}

// `pattern` has at most one '*', which stands for any characters.
bool Matches(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  return text.size() >= before.size() + after.size() && text.starts_with(before) &&
         text.ends_with(after);
}

std::vector<std::string> Texts(const XmlBodyElement& rule, std::string_view name) {
  std::vector<std::string> texts;
  for (const XmlBodyElement& element : rule.Children(name)) {
    texts.emplace_back(Trim(element.Text()));
  }
  return texts;
}

void CheckWildcards(const std::vector<std::string>& patterns, std::string_view element) {
  for (const std::string& pattern : patterns) {
    if (std::count(pattern.begin(), pattern.end(), '*') > 1) {
      ThrowInvalidRule(std::string(element).append(" \"").append(pattern).append(
          "\" can not have more than one wildcard."));
    }
  }
}

CorsRule ParseRule(const XmlBodyElement& element) {
  CorsRule rule;
  rule.id = element.ChildText("ID").value_or("");
  rule.allowed_origins = Texts(element, "AllowedOrigin");
  rule.allowed_methods = Texts(element, "AllowedMethod");
  rule.allowed_headers = Texts(element, "AllowedHeader");
  rule.expose_headers = Texts(element, "ExposeHeader");
  if (rule.allowed_origins.empty() || rule.allowed_methods.empty() || rule.id.size() > 255) {
    throw S3Error(ErrorCode::kMalformedXml);
  }
  for (const std::string& method : rule.allowed_methods) {
    if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
      ThrowInvalidRule("Found unsupported HTTP method in CORS config. Unsupported method is " +
                       method);
    }
  }
  CheckWildcards(rule.allowed_origins, "AllowedOrigin");
  CheckWildcards(rule.allowed_headers, "AllowedHeader");
  for (const std::string& header : rule.expose_headers) {
    if (header.find('*') != std::string::npos) {
      ThrowInvalidRule(
          "ExposeHeader \"" + header +
          "\" contains wildcard. We currently do not support wildcard for ExposeHeader.");
    }
  }
  if (const auto age = element.ChildText("MaxAgeSeconds")) {
    const std::uint64_t seconds = ParseXmlNumber(Trim(*age));
    if (seconds > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
      throw S3Error(ErrorCode::kMalformedXml);
    }
    rule.max_age_seconds = static_cast<int>(seconds);
  }
  return rule;
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined.append(joined.empty() ? "" : ", ").append(text);
  return joined;
}

std::vector<std::string> RequestedHeaders(const http::RequestHead& head) {
  std::vector<std::string> names;
  for (const std::string& name : Poco::StringTokenizer(
           head.headers.get("Access-Control-Request-Headers", ""), ",",
           Poco::StringTokenizer::TOK_TRIM | Poco::StringTokenizer::TOK_IGNORE_EMPTY)) {
    names.push_back(LowerCase(name));
  }
  return names;
}

// The pattern of the rule that has the origin; nullptr for none.
const std::string* OriginPattern(const CorsRule& rule, std::string_view origin) {
  const auto found =
      std::find_if(rule.allowed_origins.begin(), rule.allowed_origins.end(),
                   [origin](const std::string& pattern) { return Matches(origin, pattern); });
  return found == rule.allowed_origins.end() ? nullptr : &*found;
}

bool AllowsMethod(const CorsRule& rule, std::string_view method) {
  return std::find(rule.allowed_methods.begin(), rule.allowed_methods.end(), method) !=
         rule.allowed_methods.end();
}

bool AllowsHeaders(const CorsRule& rule, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&rule](const std::string& name) {
    return std::any_of(
        rule.allowed_headers.begin(), rule.allowed_headers.end(),
        [&name](const std::string& pattern) { return Matches(name, LowerCase(pattern)); });
  });
}

void AddRule(const CorsRule& rule, std::string_view origin_pattern, std::string_view origin,
             Headers& headers) {
  if (origin_pattern == "*") {
    headers.emplace_back("Access-Control-Allow-Origin", "*");
  } else {
    headers.emplace_back("Access-Control-Allow-Origin", origin);
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
  }
  headers.emplace_back("Access-Control-Allow-Methods", Joined(rule.allowed_methods));
  if (!rule.expose_headers.empty()) {
    headers.emplace_back("Access-Control-Expose-Headers", Joined(rule.expose_headers));
  }
  if (rule.max_age_seconds) {
    headers.emplace_back("Access-Control-Max-Age", std::to_string(*rule.max_age_seconds));
  }
}

}  // namespace

std::vector<CorsRule> ParseCorsConfiguration(std::string_view body) {
  const XmlBody document(body, "CORSConfiguration", {.max_bytes = kMaxSmallBody});
  const std::vector<XmlBodyElement> elements = document.root().Children("CORSRule");
  if (elements.empty()) throw S3Error(ErrorCode::kMalformedXml);
  if (elements.size() > kMaxCorsRules) {
    ThrowInvalidRule("The number of CORS rules should not exceed allowed limit of 100 rules.");
  }
  std::vector<CorsRule> rules;
  rules.reserve(elements.size());
  for (const XmlBodyElement& element : elements) rules.push_back(ParseRule(element));
  return rules;
}

XmlDocument CorsDocument(const std::vector<CorsRule>& rules) {
  XmlDocument document("CORSConfiguration");
  for (const CorsRule& rule : rules) {
    XmlNode node = document.root().AddElement("CORSRule");
    if (!rule.id.empty()) node.Add("ID", rule.id);
    for (const std::string& origin : rule.allowed_origins) node.Add("AllowedOrigin", origin);
    for (const std::string& method : rule.allowed_methods) node.Add("AllowedMethod", method);
    for (const std::string& header : rule.allowed_headers) node.Add("AllowedHeader", header);
    for (const std::string& header : rule.expose_headers) node.Add("ExposeHeader", header);
    if (rule.max_age_seconds) {
      node.AddNumber("MaxAgeSeconds", static_cast<std::uint64_t>(*rule.max_age_seconds));
    }
  }
  return document;
}

Headers CorsHeaders(const std::vector<CorsRule>& rules, const http::RequestHead& head) {
  Headers headers;
  const std::string origin = head.headers.get("Origin", "");
  if (!origin.empty()) {
    for (const CorsRule& rule : rules) {
      const std::string* pattern = OriginPattern(rule, origin);
      if (pattern == nullptr || !AllowsMethod(rule, head.method)) continue;
      AddRule(rule, *pattern, origin, headers);
      break;
    }
  }
  headers.emplace_back("Vary", kVary);
  return headers;
}

Headers AnswerPreflight(const std::vector<CorsRule>& rules, const http::RequestHead& head) {
  const std::string origin = head.headers.get("Origin", "");
  if (origin.empty()) {
    throw S3Error(ErrorCode::kBadRequest,
                  "Insufficient information. Origin request header needed.");
  }
  const std::string method = head.headers.get("Access-Control-Request-Method", "");
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
    throw S3Error(ErrorCode::kBadRequest,
                  "Invalid Access-Control-Request-Method: " + (method.empty() ? "null" : method));
  }
  if (rules.empty()) {
    throw S3Error(ErrorCode::kCorsForbidden, "CORSResponse: CORS is not enabled for this bucket.")
        .With("Method", method)
        .With("ResourceType", "BUCKET");
  }
  const std::vector<std::string> names = RequestedHeaders(head);
  for (const CorsRule& rule : rules) {
    const std::string* pattern = OriginPattern(rule, origin);
    if (pattern == nullptr || !AllowsMethod(rule, method) || !AllowsHeaders(rule, names)) continue;
    Headers headers;
    AddRule(rule, *pattern, origin, headers);
    if (!names.empty()) headers.emplace_back("Access-Control-Allow-Headers", Joined(names));
    headers.emplace_back("Vary", kVary);
    return headers;
  }
  throw S3Error(ErrorCode::kCorsForbidden).With("Method", method).With("ResourceType", "OBJECT");
}

}  // namespace mkv::s3
