#include "s3api/signature/sigv4.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "s3api/checksum/digest.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/signature/hmac.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::chrono::seconds kMaxExpires = std::chrono::days(7);

Refusal HeaderMalformed(std::string_view what) {
  return {400, "AuthorizationHeaderMalformed",
          std::string("The authorization header is malformed; ").append(what)};
}

Refusal QueryParametersError(std::string message) {
  return {400, "AuthorizationQueryParametersError", std::move(message)};
}

// The same complaint of a scope, in the words of where it came from.
Refusal ScopeRefusal(bool presigned, std::string_view what) {
  return presigned ? QueryParametersError(
                         std::string("Error parsing the X-Amz-Credential parameter; ").append(what))
                   : HeaderMalformed(what);
}

constexpr std::string_view kCredentialMalformed =
    "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";

std::string DateMismatch(std::string_view date, std::string_view timestamp) {
  return std::string("Invalid credential date \"")
      .append(date)
      .append("\". This date is not the same as X-Amz-Date: \"")
      .append(timestamp.substr(0, 8))
      .append("\".");
}

std::vector<std::string> SplitSignedHeaders(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    names.push_back(LowerCase(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

bool IsSigned(const SigV4Claim& claim, std::string_view lower_case_name) {
  return std::find(claim.signed_headers.begin(), claim.signed_headers.end(), lower_case_name) !=
         claim.signed_headers.end();
}

// An unsigned header could turn a signed request into another one: x-amz-copy-source makes a copy
// of a PUT. The payload hash is part of the canonical request anyway.
std::optional<Refusal> CheckSignedHeaders(const RequestView& request, const SigV4Claim& claim) {
  std::string not_signed = IsSigned(claim, "host") ? "" : "host";
  for (const HeaderField& field : request.headers) {
    if (!StartsWithIgnoringCase(field.name, "x-amz-")) continue;
    const std::string name = LowerCase(field.name);
    if (name == "x-amz-content-sha256" || IsSigned(claim, name)) continue;
    if (!not_signed.empty()) not_signed += ", ";
    not_signed += name;
  }
  if (not_signed.empty()) return std::nullopt;
  Refusal refusal = AccessDenied("There were headers present in the request which were not signed");
  refusal.details.emplace_back("HeadersNotSigned", std::move(not_signed));
  return refusal;
}

std::string StringToSign(const SigV4Claim& claim, std::string_view canonical_request) {
  std::string text(kAlgorithm);
  text.append(1, '\n').append(claim.timestamp);
  text.append(1, '\n').append(claim.scope.Text());
  text.append(1, '\n').append(Sha256Hex(canonical_request));
  return text;
}

}  // namespace

std::string CredentialScope::Text() const {
  return date + '/' + region + '/' + service + '/' + terminal;
}

std::optional<CredentialScope> ParseCredential(std::string_view text) {
  std::array<std::string_view, 4> tail;  // date, region, service, terminal
  for (std::size_t i = tail.size(); i-- > 0;) {
    const std::size_t slash = text.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    tail[i] = text.substr(slash + 1);
    text = text.substr(0, slash);
    if (tail[i].empty()) return std::nullopt;
  }
  const std::string_view date = tail[0];
  if (text.empty() || date.size() != 8 ||
      date.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return CredentialScope{std::string(text), std::string(date), std::string(tail[1]),
                         std::string(tail[2]), std::string(tail[3])};
}

std::variant<SigV4Claim, Refusal> ParseSigV4Header(const RequestView& request) {
  std::string_view text = request.Header("Authorization").value_or("");
  if (!text.starts_with(kAlgorithm)) {
    return InvalidArgument("Unsupported Authorization Type", "Authorization",
                           std::string(text.substr(0, text.find(' '))));
  }
  text.remove_prefix(kAlgorithm.size());
  std::optional<std::string_view> credential;
  std::optional<std::string_view> signed_headers;
  std::optional<std::string_view> signature;
  while (!(text = Trim(text)).empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view component = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = component.find('=');
    if (equals == std::string_view::npos) {
      return HeaderMalformed("the authorization component \"" + std::string(component) +
                             "\" is malformed.");
    }
    const std::string_view name = component.substr(0, equals);
    std::optional<std::string_view>* part = name == "Credential"      ? &credential
                                            : name == "SignedHeaders" ? &signed_headers
                                            : name == "Signature"     ? &signature
                                                                      : nullptr;
    if (part == nullptr || part->has_value()) {
      return HeaderMalformed("the authorization component \"" + std::string(component) +
                             "\" is malformed.");
    }
    *part = component.substr(equals + 1);
  }
  if (!credential || !signed_headers || !signature || signed_headers->empty() ||
      signature->empty()) {
    return HeaderMalformed(
        "the authorization header requires three components: Credential, SignedHeaders, and "
        "Signature.");
  }
  std::optional<CredentialScope> scope = ParseCredential(*credential);
  if (!scope) return HeaderMalformed(kCredentialMalformed);

  const std::optional<std::string_view> amz_date = request.Header("x-amz-date");
  const std::string_view date = amz_date ? *amz_date : request.Header("Date").value_or("");
  std::optional<Time> time = ParseAmzTime(date);
  if (!time && !amz_date) time = ParseHttpDate(date);
  if (!time) return AccessDenied("AWS authentication requires a valid Date or x-amz-date header");

  return SigV4Claim{*std::move(scope),
                    SplitSignedHeaders(*signed_headers),
                    std::string(*signature),
                    FormatAmzTime(*time),
                    *time,
                    std::nullopt};
}

std::variant<SigV4Claim, Refusal> ParseSigV4Query(std::span<const QueryParameter> query) {
  const auto algorithm = Find(query, "X-Amz-Algorithm");
  const auto credential = Find(query, "X-Amz-Credential");
  const auto signature = Find(query, "X-Amz-Signature");
  const auto date = Find(query, "X-Amz-Date");
  const auto signed_headers = Find(query, "X-Amz-SignedHeaders");
  const auto expires = Find(query, "X-Amz-Expires");
  for (const auto& parameter : {algorithm, credential, signature, date, signed_headers, expires}) {
    if (!parameter || parameter->empty()) {
      return QueryParametersError(
          "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
          "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
    }
  }
  if (*algorithm != kAlgorithm) {
    return QueryParametersError("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  std::optional<CredentialScope> scope = ParseCredential(*credential);
  if (!scope) return ScopeRefusal(true, kCredentialMalformed);
  const std::optional<Time> time = ParseAmzTime(*date);
  if (!time) {
    return QueryParametersError(
        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expires->data(), expires->data() + expires->size(), seconds);
  // A number that no integer holds is too large or too small, and is told so below.
  if (error == std::errc::result_out_of_range) {
    seconds = expires->front() == '-' ? -1 : std::numeric_limits<std::int64_t>::max();
  } else if (error != std::errc() || end != expires->data() + expires->size()) {
    return QueryParametersError("X-Amz-Expires should be a number");
  }
  if (seconds < 0) return QueryParametersError("X-Amz-Expires must be non-negative");
  if (seconds == 0) return QueryParametersError("X-Amz-Expires must be at least 1 second");
  if (seconds > kMaxExpires.count()) {
    return QueryParametersError(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  }
  return SigV4Claim{*std::move(scope),
                    SplitSignedHeaders(*signed_headers),
                    std::string(*signature),
                    std::string(*date),
                    *time,
                    std::chrono::seconds(seconds)};
}

SigV4Verifier::SigV4Verifier(Options options)
    : options_(std::move(options)), signing_keys_(options_.signing_keys) {}

std::variant<SigV4Verified, Refusal> SigV4Verifier::VerifyHeader(
    const RequestView& request, std::span<const QueryParameter> query, const SecretLookup& secrets,
    Time now) {
  auto parsed = ParseSigV4Header(request);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
  const std::optional<std::string_view> declared = request.Header("x-amz-content-sha256");
  if (!declared) {
    return InvalidRequest("Missing required header for this request: x-amz-content-sha256");
  }
  auto payload = ParsePayloadHash(*declared);
  if (auto* refusal = std::get_if<Refusal>(&payload)) return std::move(*refusal);
  return Verify(request, query, std::get<SigV4Claim>(parsed), *declared,
                std::get<PayloadHash>(std::move(payload)), secrets, now);
}

std::variant<SigV4Verified, Refusal> SigV4Verifier::VerifyPresigned(
    const RequestView& request, std::span<const QueryParameter> query, const SecretLookup& secrets,
    Time now) {
  auto parsed = ParseSigV4Query(query);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
  const SigV4Claim& claim = std::get<SigV4Claim>(parsed);

  // Whoever presigns rarely knows the payload and signs UNSIGNED-PAYLOAD; SDKs that do know it
  // sign its hash as a header or as a query parameter. A header added later is held to its word
  // without being part of the signature.
  const auto in_query = Find(query, "X-Amz-Content-Sha256");
  const auto in_header = request.Header("x-amz-content-sha256");
  std::string_view signed_hash = kUnsignedPayload;
  if (in_query) {
    signed_hash = *in_query;
  } else if (in_header && IsSigned(claim, "x-amz-content-sha256")) {
    signed_hash = *in_header;
  }
  auto payload = ParsePayloadHash(in_query ? *in_query : in_header.value_or(kUnsignedPayload));
  if (auto* refusal = std::get_if<Refusal>(&payload)) return std::move(*refusal);
  return Verify(request, query, claim, signed_hash, std::get<PayloadHash>(std::move(payload)),
                secrets, now);
}

std::variant<SigV4Verified, Refusal> SigV4Verifier::Verify(const RequestView& request,
                                                           std::span<const QueryParameter> query,
                                                           const SigV4Claim& claim,
                                                           std::string_view signed_payload_hash,
                                                           PayloadHash payload,
                                                           const SecretLookup& secrets, Time now) {
  const std::optional<std::string> secret = secrets(claim.scope.access_key);
  if (!secret) return InvalidAccessKeyId(claim.scope.access_key);
  if (auto refusal = CheckScope(claim)) return *std::move(refusal);
  if (auto refusal = CheckTime(claim, now)) return *std::move(refusal);
  if (auto refusal = CheckSignedHeaders(request, claim)) return *std::move(refusal);

  const std::string canonical_request =
      CanonicalRequest(request, CanonicalQuery(query, claim.presigned() ? "X-Amz-Signature" : ""),
                       claim.signed_headers, signed_payload_hash);
  auto checked = CheckSignature(claim, *secret, StringToSign(claim, canonical_request));
  if (auto* refusal = std::get_if<Refusal>(&checked)) {
    refusal->details.emplace_back("CanonicalRequest", canonical_request);
    return std::move(*refusal);
  }
  SigV4Verified verified{claim.scope.access_key, std::move(payload), std::nullopt};
  if (verified.payload.chunks_are_signed()) {
    verified.chunk_signer.emplace(std::get<std::string>(std::move(checked)), claim.timestamp,
                                  claim.scope.Text(), claim.signature);
  }
  return verified;
}

std::optional<Refusal> SigV4Verifier::VerifyPolicy(std::string_view policy, const SigV4Claim& claim,
                                                   const SecretLookup& secrets) {
  const std::optional<std::string> secret = secrets(claim.scope.access_key);
  if (!secret) return InvalidAccessKeyId(claim.scope.access_key);
  if (auto refusal = CheckScope(claim)) return refusal;
  auto checked = CheckSignature(claim, *secret, policy);
  if (auto* refusal = std::get_if<Refusal>(&checked)) return std::move(*refusal);
  return std::nullopt;
}

std::optional<Refusal> SigV4Verifier::CheckScope(const SigV4Claim& claim) const {
  const CredentialScope& scope = claim.scope;
  if (scope.terminal != "aws4_request") {
    return ScopeRefusal(claim.presigned(), "incorrect terminal \"" + scope.terminal +
                                               R"(". This endpoint uses "aws4_request".)");
  }
  if (scope.service != "s3") {
    return ScopeRefusal(claim.presigned(), "incorrect service \"" + scope.service +
                                               R"(". This endpoint belongs to "s3".)");
  }
  if (!options_.region.empty() && scope.region != options_.region) {
    Refusal refusal =
        ScopeRefusal(claim.presigned(), "the region '" + scope.region + "' is wrong; expecting '" +
                                            options_.region + "'");
    refusal.details.emplace_back("Region", options_.region);
    return refusal;
  }
  if (!claim.timestamp.starts_with(scope.date)) {
    return claim.presigned() ? QueryParametersError(DateMismatch(scope.date, claim.timestamp))
                             : HeaderMalformed(DateMismatch(scope.date, claim.timestamp));
  }
  return std::nullopt;
}

std::optional<Refusal> SigV4Verifier::CheckTime(const SigV4Claim& claim, Time now) const {
  const auto skew = claim.time - now;
  if (!claim.presigned()) {
    if (skew <= options_.max_skew && -skew <= options_.max_skew) return std::nullopt;
    const auto max_milliseconds = std::chrono::milliseconds(options_.max_skew).count();
    return Refusal{403,
                   "RequestTimeTooSkewed",
                   "The difference between the request time and the current time is too large.",
                   {{"RequestTime", claim.timestamp},
                    {"ServerTime", FormatIsoTime(now)},
                    {"MaxAllowedSkewMilliseconds", std::to_string(max_milliseconds)}}};
  }
  if (skew > options_.max_skew) {
    Refusal refusal = AccessDenied("Request is not valid yet");
    refusal.details = {{"X-Amz-Date", claim.timestamp}, {"ServerTime", FormatIsoTime(now)}};
    return refusal;
  }
  if (now > claim.time + *claim.expires) {
    Refusal refusal = AccessDenied("Request has expired");
    refusal.details = {{"X-Amz-Expires", std::to_string(claim.expires->count())},
                       {"Expires", FormatIsoTime(claim.time + *claim.expires)},
                       {"ServerTime", FormatIsoTime(now)}};
    return refusal;
  }
  return std::nullopt;
}

std::variant<std::string, Refusal> SigV4Verifier::CheckSignature(const SigV4Claim& claim,
                                                                 std::string_view secret,
                                                                 std::string_view string_to_sign) {
  const CredentialScope& scope = claim.scope;
  const std::optional<std::string> kept =
      signing_keys_.Find(scope.access_key, secret, scope.date, scope.region);
  std::string signing_key =
      kept ? *kept : DeriveSigningKey(secret, scope.date, scope.region, scope.service);
  const std::string expected = Hex(HmacSha256(signing_key, string_to_sign));
  if (!ConstantTimeEqual(expected, claim.signature)) {
    return SignatureDoesNotMatch(scope.access_key, string_to_sign, claim.signature);
  }
  if (!kept) signing_keys_.Keep(scope.access_key, secret, scope.date, scope.region, signing_key);
  return signing_key;
}

}  // namespace mkv::s3
