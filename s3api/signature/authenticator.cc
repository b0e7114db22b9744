#include "s3api/signature/authenticator.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "s3api/signature/canonical.h"
#include "s3api/signature/sigv2.h"

namespace mkv::s3 {
namespace {

bool HasAny(std::span<const QueryParameter> query, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(
      names, [query](std::string_view name) { return Find(query, name).has_value(); });
}

// Without what follows it, which may be a password and belongs into no answer and no log.
std::string Scheme(std::string_view authorization) {
  return std::string(authorization.substr(0, authorization.find(' ')));
}

std::variant<Anonymous, Signer, Refusal> ToSigner(std::variant<SigV4Verified, Refusal> result) {
  if (auto* refusal = std::get_if<Refusal>(&result)) return std::move(*refusal);
  auto& verified = std::get<SigV4Verified>(result);
  return Signer{std::move(verified.access_key), std::move(verified.payload),
                std::move(verified.chunk_signer)};
}

// Nobody here was given temporary keys, which a token goes with.
bool HasToken(const RequestView& request, std::span<const QueryParameter> query) {
  constexpr std::string_view kToken = "x-amz-security-token";
  return !request.Header(kToken).value_or("").empty() ||
         std::any_of(query.begin(), query.end(), [kToken](const QueryParameter& parameter) {
           return EqualsIgnoringCase(parameter.name, kToken) && !parameter.value.empty();
         });
}

}  // namespace

std::variant<Anonymous, Signer, Refusal> Authenticator::Authenticate(
    const RequestView& request, std::span<const QueryParameter> query, const SecretLookup& secrets,
    Time now) {
  auto result = Identify(request, query, secrets, now);
  if (std::holds_alternative<Signer>(result) && HasToken(request, query)) {
    return Refusal{400, "InvalidToken", "The provided token is malformed or otherwise invalid."};
  }
  return result;
}

std::variant<Anonymous, Signer, Refusal> Authenticator::Identify(
    const RequestView& request, std::span<const QueryParameter> query, const SecretLookup& secrets,
    Time now) {
  const std::optional<std::string_view> authorization = request.Header("Authorization");
  const bool v4_query = HasAny(query, {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"});
  const bool v2_query = HasAny(query, {"AWSAccessKeyId", "Signature"});
  int ways = v4_query + v2_query;
  for (const HeaderField& field : request.headers) {
    if (EqualsIgnoringCase(field.name, "Authorization")) ++ways;
  }
  if (ways == 0) return Anonymous{};
  if (ways > 1) {
    return InvalidArgument(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
        "query string parameter or the Authorization header should be specified",
        "Authorization", Scheme(authorization.value_or("")));
  }

  if (v4_query) return ToSigner(sigv4_.VerifyPresigned(request, query, secrets, now));
  if (v2_query) {
    auto result = VerifySigV2Query(request, query, secrets, now);
    if (auto* refusal = std::get_if<Refusal>(&result)) return std::move(*refusal);
    auto payload = DeclaredPayload(request);
    if (auto* refusal = std::get_if<Refusal>(&payload)) return std::move(*refusal);
    return Signer{std::get<std::string>(std::move(result)),
                  std::get<PayloadHash>(std::move(payload)), std::nullopt};
  }
  if (authorization->starts_with("AWS4-HMAC-SHA256 ")) {
    return ToSigner(sigv4_.VerifyHeader(request, query, secrets, now));
  }
  if (authorization->starts_with("AWS4-ECDSA-P256-SHA256 ")) {
    return Refusal{501, "NotImplemented", "SigV4A (ECDSA) signatures are not implemented."};
  }
  if (authorization->starts_with("AWS ")) {
    return InvalidRequest(
        "The authorization mechanism you have provided is not supported. Please use "
        "AWS4-HMAC-SHA256.");
  }
  return InvalidArgument("Unsupported Authorization Type", "Authorization", Scheme(*authorization));
}

std::variant<PayloadHash, Refusal> DeclaredPayload(const RequestView& request) {
  const auto declared = request.Header("x-amz-content-sha256");
  if (!declared) return PayloadHash{};
  return ParsePayloadHash(*declared);
}

}  // namespace mkv::s3
