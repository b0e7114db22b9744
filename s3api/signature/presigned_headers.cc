#include "s3api/signature/presigned_headers.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

// Of the signature, and no header of the request.
constexpr std::array<std::string_view, 8> kOfSignature = {
    "x-amz-algorithm",     "x-amz-credential", "x-amz-date",           "x-amz-expires",
    "x-amz-signedheaders", "x-amz-signature",  "x-amz-security-token", "x-amz-content-sha256"};
// The JavaScript SDK computes a checksum of every upload, and of one without a body when it
// presigns it: that of nothing, which says nothing of what will be uploaded. S3 passes over it.
constexpr std::string_view kCrc32OfNothing = "AAAAAA==";
constexpr std::array<std::string_view, 2> kOfVersion2 = {"content-type", "content-md5"};

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view one) { return EqualsIgnoringCase(one, name); });
}

}  // namespace

std::optional<http::RequestHead> WithPresignedHeaders(const http::RequestHead& head,
                                                      std::span<const QueryParameter> query) {
  const bool version_2 = Find(query, "Signature") && Find(query, "AWSAccessKeyId");
  if (!version_2 && !Find(query, "X-Amz-Signature")) return std::nullopt;
  const bool sums_nothing = Find(query, "x-amz-checksum-crc32") == kCrc32OfNothing;
  std::optional<http::RequestHead> changed;
  for (const QueryParameter& parameter : query) {
    const bool acts = (StartsWithIgnoringCase(parameter.name, "x-amz-") &&
                       !Contains(kOfSignature, parameter.name)) ||
                      (version_2 && Contains(kOfVersion2, parameter.name));
    if (!acts || head.headers.has(parameter.name)) continue;
    const std::string name = LowerCase(parameter.name);
    if (sums_nothing &&
        (name == "x-amz-checksum-crc32" || name == "x-amz-sdk-checksum-algorithm")) {
      continue;
    }
    if (!changed) changed = head;
    changed->headers.add(name, parameter.value);
  }
  return changed;
}

}  // namespace mkv::s3
