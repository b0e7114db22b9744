// The CRC of a whole from those of its parts, without reading a byte again: how a multipart upload
// gets its FULL_OBJECT checksum. Pure; thread-safe.
#ifndef S3API_CHECKSUM_CRC_COMBINE_H_
#define S3API_CHECKSUM_CRC_COMBINE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "s3api/checksum/algorithm.h"

namespace mkv::s3 {

// The CRC of A followed by B, from those of both and the length of B in bytes. CRCs are raw values
// as Checksum::Finish() returns them. Throws std::invalid_argument when `algorithm` is no CRC or a
// value has the wrong size.
std::string CombineCrc(ChecksumAlgorithm algorithm, std::string_view crc_a, std::string_view crc_b,
                       std::uint64_t length_b);

}  // namespace mkv::s3

#endif  // S3API_CHECKSUM_CRC_COMBINE_H_
