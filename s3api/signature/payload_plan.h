// What the headers of a request promise about its payload, to be held against the bytes by a
// PayloadSource: hash, length, Content-MD5, checksum, trailer.
//
// Source: "Checking object integrity in Amazon S3", Amazon S3 User Guide; PutObject and UploadPart,
// Amazon S3 API Reference. Pure functions; thread-safe.
#ifndef S3API_SIGNATURE_PAYLOAD_PLAN_H_
#define S3API_SIGNATURE_PAYLOAD_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "s3api/checksum/checksum.h"
#include "s3api/signature/chunk_signer.h"
#include "s3api/signature/payload_hash.h"
#include "s3api/signature/refusal.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {

struct PayloadPlan {
  PayloadHash hash;
  std::optional<ChunkSigner> chunk_signer;
  std::uint64_t decoded_length = 0;          // hash.streaming(): x-amz-decoded-content-length
  std::optional<std::string> content_md5;    // 16 raw bytes
  std::optional<ChecksumValue> checksum;     // x-amz-checksum-*
  std::optional<ChecksumAlgorithm> trailer;  // the checksum that x-amz-trailer announces
  // A checksum to compute when the client brings none (the algorithm of a multipart upload, or
  // the server's own choice); set by the caller.
  std::optional<ChecksumAlgorithm> default_checksum;
};

// Whether a header of this name holds the value of a checksum, of whatever algorithm.
bool IsChecksumHeader(std::string_view name);

// Refuses what is wrong in the headers themselves, before a byte is read: InvalidDigest,
// InvalidRequest (more than one checksum, a value that is none, an unknown algorithm or trailer),
// MissingContentLength, InvalidArgument. `hash` and `chunk_signer` are what the authenticator
// found.
std::variant<PayloadPlan, Refusal> PlanPayload(const RequestView& request, PayloadHash hash,
                                               std::optional<ChunkSigner> chunk_signer);

// A Content-Encoding header as it was sent, but for `aws-chunked`, which describes the transfer and
// not the object; empty when nothing else is left.
std::string ContentEncodingOfObject(std::string_view content_encoding);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_PAYLOAD_PLAN_H_
