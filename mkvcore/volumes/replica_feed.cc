#include "mkvcore/volumes/replica_feed.h"

#include <algorithm>

namespace mkv {

RingFeed::RingFeed(std::optional<std::uint64_t> size, std::size_t capacity)
    : size_(size), capacity_(capacity), ring_(std::make_unique_for_overwrite<char[]>(capacity)) {}

std::string_view RingFeed::At(std::uint64_t position) const {
  std::uint64_t limit = head_;
  if (size_ && !complete_) limit = std::min(limit, *size_ - 1);
  if (position >= limit) return {};
  const auto offset = static_cast<std::size_t>(position % capacity_);
  const std::uint64_t bytes = std::min<std::uint64_t>(limit - position, capacity_ - offset);
  return {ring_.get() + offset, static_cast<std::size_t>(bytes)};
}

std::span<char> RingFeed::Room() {
  const auto offset = static_cast<std::size_t>(head_ % capacity_);
  return {ring_.get() + offset, std::min(free(), capacity_ - offset)};
}

void RingFeed::Filled(std::size_t bytes) { head_ += bytes; }

}  // namespace mkv
