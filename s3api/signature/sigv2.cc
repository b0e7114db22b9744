#include "s3api/signature/sigv2.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "mkvcore/http/head_validation.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/signature/hmac.h"

namespace mkv::s3 {
namespace {

// The parameters that choose what is done, and so are signed; in byte order. The list of botocore,
// which is longer than the one AWS documents and the one that clients sign by.
constexpr std::array<std::string_view, 35> kSignedParameters = {
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};
static_assert(std::is_sorted(kSignedParameters.begin(), kSignedParameters.end()));

std::string CanonicalAmzHeaders(const RequestView& request, std::span<const QueryParameter> query) {
  std::map<std::string, std::string> headers;
  const auto add = [&headers](std::string_view name, std::string_view value) {
    if (!StartsWithIgnoringCase(name, "x-amz-")) return;
    const auto [entry, added] = headers.try_emplace(LowerCase(name), Trim(value));
    if (!added) entry->second.append(1, ',').append(Trim(value));
  };
  for (const HeaderField& field : request.headers) add(field.name, field.value);
  for (const QueryParameter& parameter : query) {
    // A client may also send as a header what its URL says already.
    const auto sent = request.Header(parameter.name);
    if (!sent || *sent != Trim(parameter.value)) add(parameter.name, parameter.value);
  }
  std::string text;
  for (const auto& [name, value] : headers) {
    text.append(name).append(1, ':').append(value).append(1, '\n');
  }
  return text;
}

std::string HeaderOrParameter(const RequestView& request, std::span<const QueryParameter> query,
                              std::string_view name) {
  if (const auto value = request.Header(name)) return std::string(*value);
  for (const QueryParameter& parameter : query) {
    if (EqualsIgnoringCase(parameter.name, name)) return parameter.value;
  }
  return {};
}

bool StandsForHeader(std::string_view name) {
  return StartsWithIgnoringCase(name, "x-amz-") || EqualsIgnoringCase(name, "Content-Type") ||
         EqualsIgnoringCase(name, "Content-MD5");
}

// Whether each parameter that stands for a header could have been sent as one, and is the only one
// of its name. Others would be signed like several headers, or like a part of another: all that
// separates headers in the string to sign is a line feed, and a name from its value a colon.
bool StandForOneHeaderEach(const RequestView& request, std::span<const QueryParameter> query) {
  return std::all_of(query.begin(), query.end(), [&](const QueryParameter& parameter) {
    if (!StandsForHeader(parameter.name)) return true;
    if (!http::IsToken(parameter.name) || !http::IsFieldValue(parameter.value)) return false;
    const auto sent = request.Header(parameter.name);
    if (sent && *sent != Trim(parameter.value)) return false;
    return std::count_if(query.begin(), query.end(), [&parameter](const QueryParameter& other) {
             return EqualsIgnoringCase(other.name, parameter.name);
           }) == 1;
  });
}

// Names as those who act on them read them, values as they are signed: there a '+' stays one.
std::string SignedSubResources(std::string_view raw_query) {
  std::vector<std::pair<std::string, std::string>> found;
  while (!raw_query.empty()) {
    const std::size_t end = std::min(raw_query.find('&'), raw_query.size());
    const std::string_view piece = raw_query.substr(0, end);
    raw_query.remove_prefix(std::min(end + 1, raw_query.size()));
    const std::size_t equals = std::min(piece.find('='), piece.size());
    std::string name = PercentDecode(piece.substr(0, equals), Plus::kSpace);
    if (!std::binary_search(kSignedParameters.begin(), kSignedParameters.end(), name)) continue;
    found.emplace_back(std::move(name), PercentDecode(piece.substr(equals), Plus::kPlus));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [name, equals_value] : found) {
    text.append(1, text.empty() ? '?' : '&').append(name).append(equals_value);
  }
  return text;
}

}  // namespace

std::string SigV2StringToSign(const RequestView& request, std::span<const QueryParameter> query,
                              std::string_view resource, std::string_view expires) {
  std::string text(request.method);
  text.append(1, '\n').append(HeaderOrParameter(request, query, "Content-MD5"));
  text.append(1, '\n').append(HeaderOrParameter(request, query, "Content-Type"));
  text.append(1, '\n').append(expires);
  text.append(1, '\n').append(CanonicalAmzHeaders(request, query));
  text.append(resource).append(SignedSubResources(request.query));
  return text;
}

std::string SigV2Resource(const RequestView& request) {
  std::string resource;
  if (!request.virtual_bucket.empty()) resource.append(1, '/').append(request.virtual_bucket);
  return resource.append(request.path);
}

std::variant<std::string, Refusal> VerifySigV2Query(const RequestView& request,
                                                    std::span<const QueryParameter> query,
                                                    const SecretLookup& secrets, Time now) {
  const auto access_key = Find(query, "AWSAccessKeyId");
  const auto signature = Find(query, "Signature");
  const auto expires = Find(query, "Expires");
  if (!access_key || !signature || !expires) {
    return AccessDenied(
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
        "parameters");
  }
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expires->data(), expires->data() + expires->size(), seconds);
  if (error != std::errc() || end != expires->data() + expires->size()) {
    return AccessDenied("Invalid date (should be seconds since epoch): " + std::string(*expires));
  }
  const std::optional<std::string> secret = secrets(*access_key);
  if (!secret) return InvalidAccessKeyId(*access_key);
  if (now.time_since_epoch().count() > seconds) {
    Refusal refusal = AccessDenied("Request has expired");
    refusal.details = {{"Expires", std::string(*expires)}, {"ServerTime", FormatIsoTime(now)}};
    return refusal;
  }

  const bool unambiguous = StandForOneHeaderEach(request, query);
  const auto matches = [&](const std::string& string_to_sign) {
    return unambiguous && ConstantTimeEqual(Base64(HmacSha1(*secret, string_to_sign)), *signature);
  };
  const std::string resource = SigV2Resource(request);
  const std::string string_to_sign = SigV2StringToSign(request, query, resource, *expires);
  if (matches(string_to_sign)) return std::string(*access_key);
  // A bucket by itself is signed with a '/' behind it, whether the path was sent with one or not.
  const bool bucket_alone = resource.size() > 1 && resource.find('/', 1) == std::string::npos;
  if (bucket_alone && matches(SigV2StringToSign(request, query, resource + '/', *expires))) {
    return std::string(*access_key);
  }
  return SignatureDoesNotMatch(*access_key, string_to_sign, *signature);
}

}  // namespace mkv::s3
