#include "s3api/protocol/classify.h"

#include <algorithm>
#include <array>
#include <string>

#include "s3api/protocol/host.h"
#include "s3api/protocol/operation.h"
#include "s3api/signature/canonical.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

// What only S3 clients send beside the sub-resources.
constexpr std::array<std::string_view, 5> kS3Parameters = {"list-type", "encoding-type",
                                                           "versionId", "partNumber", "x-id"};

bool IsS3Header(std::string_view name, std::string_view value) {
  if (StartsWithIgnoringCase(name, "x-amz-") || StartsWithIgnoringCase(name, "amz-sdk-")) {
    return true;
  }
  // `AWS4-HMAC-SHA256 ...`, and SigV2's `AWS key:signature`.
  return EqualsIgnoringCase(name, "Authorization") &&
         (StartsWithIgnoringCase(Trim(value), "AWS4-") ||
          StartsWithIgnoringCase(Trim(value), "AWS "));
}

bool IsSignatureParameter(std::string_view name) {
  return StartsWithIgnoringCase(name, "x-amz-") || name == "AWSAccessKeyId" || name == "Signature";
}

bool IsS3Parameter(std::string_view name) {
  return IsSubResource(name) ||
         std::find(kS3Parameters.begin(), kS3Parameters.end(), name) != kS3Parameters.end();
}

}  // namespace

bool IsNativeOperation(std::string_view query) {
  const std::string_view first = query.substr(0, query.find('&'));
  return first == "list" || first == "unlinked";
}

Protocol ProtocolOf(const http::RequestHead& head, std::string_view domain) {
  for (const auto& [name, value] : head.headers) {
    if (IsS3Header(name, value)) return Protocol::kS3;
  }
  if (!VirtualBucket(head.headers.get("Host", ""), domain).empty()) return Protocol::kS3;
  const std::vector<std::string> parameters = DecodeQueryNames(head.query);
  if (std::any_of(parameters.begin(), parameters.end(), IsSignatureParameter)) return Protocol::kS3;
  if (head.method == "OPTIONS") return Protocol::kS3;
  if (head.method == "POST" &&
      StartsWithIgnoringCase(Trim(head.headers.get("Content-Type", "")), "multipart/form-data")) {
    return Protocol::kS3;
  }
  if (head.method == "GET" && IsNativeOperation(head.query)) return Protocol::kNative;
  if (std::any_of(parameters.begin(), parameters.end(), IsS3Parameter)) return Protocol::kS3;
  return Protocol::kNative;
}

}  // namespace mkv::s3
