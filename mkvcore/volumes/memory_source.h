// A value that is in memory whole.
#ifndef MKVCORE_VOLUMES_MEMORY_SOURCE_H_
#define MKVCORE_VOLUMES_MEMORY_SOURCE_H_

#include <memory>
#include <string>
#include <utility>

#include "mkvcore/volumes/source.h"

namespace mkv {

class MemorySource : public Source {
 public:
  explicit MemorySource(std::string value)
      : MemorySource(std::make_shared<const std::string>(std::move(value))) {}
  explicit MemorySource(std::shared_ptr<const std::string> value) : value_(std::move(value)) {}

  std::optional<std::uint64_t> size() const override { return value_->size(); }
  std::optional<std::string_view> held() const override { return *value_; }

  Chunk Read(std::span<char> buffer) override {
    if (read_ == value_->size()) return {State::kEnd};
    const std::size_t bytes = value_->copy(buffer.data(), buffer.size(), read_);
    read_ += bytes;
    return {State::kData, bytes};
  }

 private:
  const std::shared_ptr<const std::string> value_;
  std::size_t read_ = 0;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_MEMORY_SOURCE_H_
