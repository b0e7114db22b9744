// A part of an upload that is not completed yet: what is known of it, and its bytes, in memory or
// on a volume. Where they are is seen by nobody but this class.
//
// Immutable once it is shared; threads may read it at the same time. Its memory, or its file, goes
// with it.
#ifndef S3API_MULTIPART_STAGED_PART_H_
#define S3API_MULTIPART_STAGED_PART_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mkvcore/store/staged_blob.h"
#include "mkvcore/volumes/source.h"
#include "mkvcore/volumes/volume_client.h"
#include "s3api/checksum/checksum.h"
#include "s3api/multipart/part_memory.h"

namespace mkv::s3 {

struct PartFacts {
  std::uint64_t size = 0;
  std::string md5;  // 16 raw bytes
  std::uint32_t crc32c = 0;
  std::optional<ChecksumValue> checksum;
  std::int64_t mtime_us = 0;
};

class StagedPart {
 public:
  // In order; all full but the last.
  using Chunks = std::vector<PartMemory::Chunk>;

  StagedPart(PartFacts facts, Chunks chunks)
      : facts_(std::move(facts)), bytes_(std::move(chunks)) {}
  StagedPart(PartFacts facts, std::unique_ptr<StagedBlob> blob)
      : facts_(std::move(facts)), bytes_(std::move(blob)) {}

  const PartFacts& facts() const { return facts_; }
  std::string ETag() const;  // without quotes
  bool in_memory() const { return std::holds_alternative<Chunks>(bytes_); }

  // Before it is shared.
  void set_checksum(std::optional<ChecksumValue> checksum) {
    facts_.checksum = std::move(checksum);
  }

  // The bytes from the beginning. The part and `volumes` outlive the source. Throws SourceError
  // when the volume does not deliver.
  std::unique_ptr<Source> Open(VolumeClient& volumes) const;

 private:
  PartFacts facts_;
  std::variant<Chunks, std::unique_ptr<StagedBlob>> bytes_;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_STAGED_PART_H_
