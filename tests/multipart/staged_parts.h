// Parts in memory, made of bytes.
#ifndef TESTS_MULTIPART_STAGED_PARTS_H_
#define TESTS_MULTIPART_STAGED_PARTS_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mkvcore/volumes/value_hasher.h"
#include "s3api/checksum/digest.h"
#include "s3api/multipart/staged_part.h"

namespace mkv::testing {

inline std::shared_ptr<s3::StagedPart> PartOf(s3::PartMemory& memory, std::string_view bytes,
                                              std::optional<s3::ChecksumAlgorithm> checksum = {}) {
  s3::PartFacts facts;
  facts.size = bytes.size();
  s3::Digest md5(s3::Digest::Kind::kMd5);
  md5.Update(bytes);
  facts.md5 = md5.Finish();
  facts.crc32c = Crc32c(bytes);
  if (checksum) facts.checksum = s3::ComputeChecksum(*checksum, bytes);
  s3::StagedPart::Chunks chunks;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, s3::PartMemory::kChunkBytes);
    chunks.push_back(memory.TakeChunk(piece.size()).value());
    std::copy(piece.begin(), piece.end(), chunks.back().bytes().begin());
    bytes.remove_prefix(piece.size());
  }
  return std::make_shared<s3::StagedPart>(std::move(facts), std::move(chunks));
}

inline std::string ReadAll(Source& source, std::size_t step = 100'000) {
  std::string all;
  std::string buffer(step, '\0');
  while (true) {
    const Source::Chunk chunk = source.Read(buffer);
    if (chunk.state == Source::State::kEnd) return all;
    all.append(buffer, 0, chunk.bytes);
  }
}

}  // namespace mkv::testing

#endif  // TESTS_MULTIPART_STAGED_PARTS_H_
