// The parts of a finished object, as its metadata keeps them. Pure functions; thread-safe.
#ifndef S3API_MULTIPART_OBJECT_PARTS_H_
#define S3API_MULTIPART_OBJECT_PARTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "index_entries.pb.h"
#include "s3api/checksum/checksum.h"

namespace mkv::s3 {

struct ObjectPart {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::optional<ChecksumValue> checksum;
};

// Sizes and checksums, in order; offsets follow from them. Checksums are kept when all parts have
// one, of one algorithm.
format::Parts EncodeParts(const std::vector<ObjectPart>& parts);

// The checksum of the whole from those of its parts. nullopt where it does not follow from them: of
// an algorithm that is no CRC, and where a part has none of that algorithm.
std::optional<ChecksumValue> CombineChecksums(ChecksumAlgorithm algorithm,
                                              const std::vector<ObjectPart>& parts);

// 0 for an object that was uploaded whole.
std::uint64_t CountParts(const format::ObjectMetadata& metadata);
// Parts first+1 to first+count, as far as there are any; the first part is number 1.
std::vector<ObjectPart> DecodeParts(const format::ObjectMetadata& metadata, std::uint64_t first,
                                    std::uint64_t count);

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_OBJECT_PARTS_H_
