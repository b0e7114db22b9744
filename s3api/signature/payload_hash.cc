#include "s3api/signature/payload_hash.h"

#include "s3api/signature/request_view.h"

namespace mkv::s3 {

std::variant<PayloadHash, Refusal> ParsePayloadHash(std::string_view value) {
  using Kind = PayloadHash::Kind;
  if (value == kUnsignedPayload) return PayloadHash{Kind::kUnsigned};
  if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return PayloadHash{Kind::kStreamingSigned};
  if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
    return PayloadHash{Kind::kStreamingSignedTrailer};
  }
  if (value == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return PayloadHash{Kind::kStreamingUnsignedTrailer};
  }
  if (value.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")) {
    return Refusal{501, "NotImplemented", "SigV4A (ECDSA) signatures are not implemented."};
  }
  const bool hex = value.size() == 64 &&
                   value.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (hex) return PayloadHash{Kind::kSha256, LowerCase(value)};
  return InvalidArgument(
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid "
      "sha256 value.",
      "x-amz-content-sha256", std::string(value));
}

}  // namespace mkv::s3
