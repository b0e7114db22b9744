// One of the five S3 checksums over bytes that arrive piece by piece.
//
// A Checksum belongs to one thread. CRC32 and CRC32C are ISA-L's, SHA-1 and SHA-256 OpenSSL's.
#ifndef S3API_CHECKSUM_CHECKSUM_H_
#define S3API_CHECKSUM_CHECKSUM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "s3api/checksum/algorithm.h"
#include "s3api/checksum/digest.h"

namespace mkv::s3 {

// A checksum and its raw value: big-endian for a CRC. On the wire it is Base64(value).
struct ChecksumValue {
  ChecksumAlgorithm algorithm;
  std::string value;

  bool operator==(const ChecksumValue&) const = default;
};

class Checksum {
 public:
  explicit Checksum(ChecksumAlgorithm algorithm);

  void Update(std::string_view bytes);
  // The value of everything so far; the checksum then starts again from nothing.
  ChecksumValue Finish();

 private:
  ChecksumAlgorithm algorithm_;
  std::uint64_t crc_ = 0;
  std::optional<Digest> digest_;  // SHA-1 and SHA-256
};

// The value of `bytes` at once.
ChecksumValue ComputeChecksum(ChecksumAlgorithm algorithm, std::string_view bytes);

// A value as a header, trailer or XML element carries it; nullopt when it is not base64 of the
// algorithm's size.
std::optional<ChecksumValue> ParseChecksum(ChecksumAlgorithm algorithm, std::string_view base64);

}  // namespace mkv::s3

#endif  // S3API_CHECKSUM_CHECKSUM_H_
