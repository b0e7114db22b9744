#include "s3api/multipart/part_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace mkv::s3 {
namespace {

constexpr std::uint64_t kBookkeepingPart = 16;  // one of so many parts of the budget

std::size_t RoundUpToPages(std::size_t bytes) {
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

PartMemory::PartMemory(std::uint64_t limit)
    : limit_(std::max(limit, kLeastBookkeeping)),
      chunk_limit_(limit_ - std::max(limit_ / kBookkeepingPart, kLeastBookkeeping)) {}

PartMemory::Chunk::~Chunk() {
  if (pages_.empty()) return;
  ::munmap(pages_.data(), pages_.size());
  memory_->GiveBack(pages_.size());
}

PartMemory::Share::~Share() {
  if (bytes_ > 0) memory_->GiveBack(bytes_);
}

std::optional<PartMemory::Chunk> PartMemory::TakeChunk(std::size_t bytes) {
  const std::size_t size = RoundUpToPages(std::clamp<std::size_t>(bytes, 1, kChunkBytes));
  if (!Take(size, chunk_limit_)) return std::nullopt;
  void* const pages =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {  // out of memory, or of mappings
    GiveBack(size);
    return std::nullopt;
  }
  return Chunk(this, {static_cast<char*>(pages), size});
}

std::optional<PartMemory::Share> PartMemory::TakeBookkeeping(std::uint64_t bytes) {
  if (!Take(bytes, limit_)) return std::nullopt;
  return Share(this, bytes);
}

std::uint64_t PartMemory::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

bool PartMemory::Take(std::uint64_t bytes, std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  if (used_ > limit || bytes > limit - used_) return false;
  used_ += bytes;
  return true;
}

void PartMemory::GiveBack(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  used_ -= bytes;
}

}  // namespace mkv::s3
