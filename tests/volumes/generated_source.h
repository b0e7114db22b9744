// A value that is made up as it is read: any size without the memory, the same bytes every time.
#ifndef TESTS_VOLUMES_GENERATED_SOURCE_H_
#define TESTS_VOLUMES_GENERATED_SOURCE_H_

#include <functional>
#include <string>
#include <utility>

#include "mkvcore/volumes/source.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {

// What a GeneratedSource of that size gives.
inline std::string ValueOf(std::uint64_t size) { return GeneratedValue(1, size).Bytes(); }

class GeneratedSource : public Source {
 public:
  enum class Length { kKnown, kUnknown };

  GeneratedSource(std::uint64_t size, Length length)
      : bytes_(size), length_(length), producer_(GeneratedValue(1, size).Producer()) {}

  // Runs before each Read(), with the number of bytes read so far; may throw.
  void set_before_read(std::function<void(std::uint64_t)> hook) { before_read_ = std::move(hook); }
  // Says another length than it has.
  void set_announced(std::uint64_t size) { announced_ = size; }

  std::uint64_t bytes_read() const { return read_; }

  std::optional<std::uint64_t> size() const override {
    if (length_ == Length::kUnknown) return std::nullopt;
    return announced_.value_or(bytes_);
  }
  Chunk Read(std::span<char> buffer) override {
    if (before_read_) before_read_(read_);
    const std::size_t bytes = producer_(buffer);
    read_ += bytes;
    return {bytes == 0 ? State::kEnd : State::kData, bytes};
  }

 private:
  const std::uint64_t bytes_;
  const Length length_;
  const std::function<std::size_t(std::span<char>)> producer_;
  std::optional<std::uint64_t> announced_;
  std::uint64_t read_ = 0;
  std::function<void(std::uint64_t)> before_read_;
};

}  // namespace mkv::testing

#endif  // TESTS_VOLUMES_GENERATED_SOURCE_H_
