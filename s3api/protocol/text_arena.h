// Memory for many short texts that go together: one allocation serves hundreds of them.
//
// Movable; what it keeps stays where it is. One thread at a time.
#ifndef S3API_PROTOCOL_TEXT_ARENA_H_
#define S3API_PROTOCOL_TEXT_ARENA_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <string_view>

namespace mkv::s3 {

class TextArena {
 public:
  // A copy of `text` that stays as long as the arena, or the one that it was moved to.
  std::string_view Keep(std::string_view text) {
    if (text.empty()) return {};
    auto* const kept = static_cast<char*>(memory_->allocate(text.size(), 1));
    std::memcpy(kept, text.data(), text.size());
    return {kept, text.size()};
  }

 private:
  static constexpr std::size_t kFirstBlock = 16UL << 10;  // bytes; the next ones are greater

  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_unique<std::pmr::monotonic_buffer_resource>(kFirstBlock);
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_TEXT_ARENA_H_
