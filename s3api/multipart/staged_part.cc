#include "s3api/multipart/staged_part.h"

#include <algorithm>
#include <cstring>

#include "mkvcore/volumes/blob_source.h"
#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {
namespace {

class ChunkSource : public Source {
 public:
  ChunkSource(const StagedPart::Chunks& chunks, std::uint64_t size)
      : chunks_(chunks), size_(size) {}

  std::optional<std::uint64_t> size() const override { return size_; }

  Chunk Read(std::span<char> buffer) override {
    if (read_ == size_) return {State::kEnd};
    const std::span<char> chunk = chunks_[static_cast<std::size_t>(read_ / kChunk)].bytes();
    const auto begin = static_cast<std::size_t>(read_ % kChunk);
    const auto bytes = static_cast<std::size_t>(
        std::min<std::uint64_t>({buffer.size(), chunk.size() - begin, size_ - read_}));
    std::memcpy(buffer.data(), chunk.data() + begin, bytes);
    read_ += bytes;
    return {State::kData, bytes};
  }

 private:
  static constexpr std::uint64_t kChunk = PartMemory::kChunkBytes;
  const StagedPart::Chunks& chunks_;
  const std::uint64_t size_;
  std::uint64_t read_ = 0;
};

}  // namespace

std::string StagedPart::ETag() const { return Hex(facts_.md5); }

std::unique_ptr<Source> StagedPart::Open(VolumeClient& volumes) const {
  if (const Chunks* chunks = std::get_if<Chunks>(&bytes_)) {
    return std::make_unique<ChunkSource>(*chunks, facts_.size);
  }
  return std::make_unique<BlobSource>(volumes,
                                      std::get<std::unique_ptr<StagedBlob>>(bytes_)->location());
}

}  // namespace mkv::s3
