// A request that owns its text, to be changed by a test and looked at by the authenticator; and the
// credentials of AWS's published examples.
#ifndef TESTS_SIGNATURE_SIGNED_REQUEST_H_
#define TESTS_SIGNATURE_SIGNED_REQUEST_H_

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "s3api/checksum/digest.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/signature/authenticator.h"
#include "s3api/signature/canonical.h"
#include "s3api/signature/hmac.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {

inline constexpr std::string_view kExampleAccessKey = "AKIAIOSFODNN7EXAMPLE";
inline constexpr std::string_view kExampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
inline constexpr std::string_view kExampleTime = "20130524T000000Z";
inline constexpr std::string_view kSha256OfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

inline std::optional<std::string> ExampleSecret(std::string_view access_key) {
  if (access_key != kExampleAccessKey) return std::nullopt;
  return std::string(kExampleSecret);
}

inline Time At(std::string_view amz_time) { return ParseAmzTime(amz_time).value(); }

struct SignedRequest {
  std::string method = "GET";
  std::string path = "/";
  std::string query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string virtual_bucket = {};

  RequestView View() const {
    RequestView view{method, path, query, {}, virtual_bucket};
    for (const auto& [name, value] : headers) view.headers.push_back({name, value});
    return view;
  }

  std::vector<QueryParameter> Parameters() const { return DecodeQuery(query); }

  std::string& operator[](std::string_view name) {
    for (auto& [existing, value] : headers) {
      if (EqualsIgnoringCase(existing, name)) return value;
    }
    return headers.emplace_back(std::string(name), "").second;
  }

  void Remove(std::string_view name) {
    std::erase_if(headers, [&](const auto& h) { return EqualsIgnoringCase(h.first, name); });
  }

  // Signs with the example credentials all headers but those in `unsigned_headers`.
  void Sign(std::vector<std::string> unsigned_headers = {},
            std::string_view scope = "20130524/us-east-1/s3/aws4_request") {
    Remove("Authorization");
    std::vector<std::string> names;
    for (const auto& [name, value] : headers) {
      if (std::find(unsigned_headers.begin(), unsigned_headers.end(), LowerCase(name)) ==
          unsigned_headers.end()) {
        names.push_back(LowerCase(name));
      }
    }
    std::sort(names.begin(), names.end());
    const std::string canonical = CanonicalRequest(View(), CanonicalQuery(Parameters()), names,
                                                   (*this)["x-amz-content-sha256"]);
    const auto parsed = ParseCredential(std::string("AK/").append(scope)).value();
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + (*this)["x-amz-date"] + "\n" +
                                std::string(scope) + "\n" + Sha256Hex(canonical);
    const std::string signature = Hex(HmacSha256(
        DeriveSigningKey(kExampleSecret, parsed.date, parsed.region, parsed.service), to_sign));
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ";") + name;
    (*this)["Authorization"] = "AWS4-HMAC-SHA256 Credential=" + std::string(kExampleAccessKey) +
                               "/" + std::string(scope) + ",SignedHeaders=" + list +
                               ",Signature=" + signature;
  }
};

// The code of the refusal; `ok` or `anonymous` otherwise.
inline std::string Outcome(const std::variant<Anonymous, Signer, Refusal>& result) {
  if (const auto* refusal = std::get_if<Refusal>(&result)) return refusal->code;
  return std::holds_alternative<Signer>(result) ? "ok" : "anonymous";
}

inline std::variant<Anonymous, Signer, Refusal> AuthenticateExample(
    const SignedRequest& request, std::string_view now = kExampleTime) {
  Authenticator authenticator({});
  return authenticator.Authenticate(request.View(), request.Parameters(), ExampleSecret, At(now));
}

}  // namespace mkv::s3

#endif  // TESTS_SIGNATURE_SIGNED_REQUEST_H_
