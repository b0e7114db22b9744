// A request body for tests: given text, read in pieces or held, and what is left after reading.
#ifndef TESTS_SIGNATURE_TEXT_SOURCE_H_
#define TESTS_SIGNATURE_TEXT_SOURCE_H_

#include <algorithm>
#include <array>
#include <string>

#include "mkvcore/volumes/source.h"

namespace mkv::s3 {

// At most `piece` bytes at a time, "would block" before each of them.
class TextSource : public Source {
 public:
  TextSource(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}

  std::optional<std::uint64_t> size() const override { return text_.size(); }

  Chunk Read(std::span<char> buffer) override {
    ready_ = !ready_;
    if (!ready_) return {State::kWouldBlock};
    const std::size_t size = std::min({piece_, buffer.size(), text_.size() - read_});
    if (size == 0) return {State::kEnd};
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(read_), size, buffer.begin());
    read_ += size;
    return {State::kData, size};
  }

 protected:
  const std::string text_;

 private:
  const std::size_t piece_;
  std::size_t read_ = 0;
  bool ready_ = true;
};

class HeldSource : public TextSource {
 public:
  explicit HeldSource(std::string text) : TextSource(std::move(text), 1) {}
  std::optional<std::string_view> held() const override { return text_; }
};

inline std::string ReadAll(Source& source) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const Source::Chunk chunk = source.Read(buffer);
    if (chunk.state == Source::State::kEnd) return text;
    if (chunk.state == Source::State::kData) text.append(buffer.data(), chunk.bytes);
  }
}

}  // namespace mkv::s3

#endif  // TESTS_SIGNATURE_TEXT_SOURCE_H_
