// The memory of all staged parts together: a budget, and the pages that are taken out of it.
//
// Pages come from the kernel (mmap) and go straight back to it (munmap), so that what is given back
// is given back to the system and not to an allocator's free lists. The budget counts the pages
// that were taken, and what is kept about uploads and parts beside their bytes: for that alone a
// sixteenth (8 MiB at least) is set aside, so that an upload can always be begun and its parts
// written to volumes while other parts fill all the rest.
//
// Thread-safe. Chunks and shares do not outlive the budget.
#ifndef S3API_MULTIPART_PART_MEMORY_H_
#define S3API_MULTIPART_PART_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace mkv::s3 {

class PartMemory {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
  static constexpr std::uint64_t kLeastBookkeeping = std::uint64_t{8} << 20;

  // `limit` in bytes; less than kLeastBookkeeping means that much, all of it for bookkeeping.
  explicit PartMemory(std::uint64_t limit);
  PartMemory(const PartMemory&) = delete;
  PartMemory& operator=(const PartMemory&) = delete;

  // Pages, given back on destruction.
  class Chunk {
   public:
    Chunk(Chunk&& other) noexcept
        : memory_(other.memory_), pages_(std::exchange(other.pages_, {})) {}
    Chunk& operator=(Chunk&& other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(pages_, other.pages_);
      return *this;
    }
    ~Chunk();

    std::span<char> bytes() const { return pages_; }

   private:
    friend class PartMemory;
    Chunk(PartMemory* memory, std::span<char> pages) : memory_(memory), pages_(pages) {}
    PartMemory* memory_;
    std::span<char> pages_;
  };

  // Bytes that lie elsewhere (in a map, in an index entry) and are counted here.
  class Share {
   public:
    Share(Share&& other) noexcept
        : memory_(other.memory_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share();

   private:
    friend class PartMemory;
    Share(PartMemory* memory, std::uint64_t bytes) : memory_(memory), bytes_(bytes) {}
    PartMemory* memory_;
    std::uint64_t bytes_;
  };

  // Room for `bytes` (1 to kChunkBytes), rounded up to whole pages. nullopt when the budget, or the
  // kernel, has no more.
  std::optional<Chunk> TakeChunk(std::size_t bytes);
  std::optional<Share> TakeBookkeeping(std::uint64_t bytes);

  std::uint64_t limit() const { return limit_; }
  std::uint64_t used() const;

 private:
  bool Take(std::uint64_t bytes, std::uint64_t limit);
  void GiveBack(std::uint64_t bytes);

  const std::uint64_t limit_;
  const std::uint64_t chunk_limit_;  // the rest is for bookkeeping
  mutable std::mutex mutex_;
  std::uint64_t used_ = 0;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_PART_MEMORY_H_
