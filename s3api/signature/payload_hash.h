// What x-amz-content-sha256 says of the payload.
//
// Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)",
// Amazon S3 API Reference. Pure functions; thread-safe.
#ifndef S3API_SIGNATURE_PAYLOAD_HASH_H_
#define S3API_SIGNATURE_PAYLOAD_HASH_H_

#include <string>
#include <string_view>
#include <variant>

#include "s3api/signature/refusal.h"

namespace mkv::s3 {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct PayloadHash {
  enum class Kind {
    kUnsigned,                  // UNSIGNED-PAYLOAD, or nothing said
    kSha256,                    // 64 hex digits
    kStreamingSigned,           // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
    kStreamingSignedTrailer,    // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
    kStreamingUnsignedTrailer,  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
  };
  Kind kind = Kind::kUnsigned;
  std::string sha256 = {};  // kSha256: lower-case hex

  bool chunks_are_signed() const {
    return kind == Kind::kStreamingSigned || kind == Kind::kStreamingSignedTrailer;
  }
  // The body is in the aws-chunked encoding.
  bool streaming() const { return chunks_are_signed() || kind == Kind::kStreamingUnsignedTrailer; }
  bool has_trailer() const {
    return kind == Kind::kStreamingSignedTrailer || kind == Kind::kStreamingUnsignedTrailer;
  }
};

// InvalidArgument for any other value; NotImplemented for SigV4A (ECDSA).
std::variant<PayloadHash, Refusal> ParsePayloadHash(std::string_view value);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_PAYLOAD_HASH_H_
