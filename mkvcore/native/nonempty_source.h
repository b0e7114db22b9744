// A value that must have at least one byte: the native API stores no empty ones. One sent chunked
// shows only at its end that it is empty.
#ifndef MKVCORE_NATIVE_NONEMPTY_SOURCE_H_
#define MKVCORE_NATIVE_NONEMPTY_SOURCE_H_

#include "mkvcore/http/handler.h"
#include "mkvcore/volumes/source.h"

namespace mkv {

// Throws TransferError 411 at the end of an empty value. The wrapped source outlives it.
class NonemptySource : public Source {
 public:
  explicit NonemptySource(Source& source) : source_(source) {}

  std::optional<std::uint64_t> size() const override { return source_.size(); }
  std::optional<std::string_view> held() const override { return source_.held(); }
  Chunk Read(std::span<char> buffer) override {
    const Chunk chunk = source_.Read(buffer);
    if (chunk.state == State::kData) any_ = true;
    if (chunk.state == State::kEnd && !any_) {
      throw http::TransferError(411, "empty values can not be stored");
    }
    return chunk;
  }
  int poll_fd() const override { return source_.poll_fd(); }
  short poll_events() const override { return source_.poll_events(); }

 private:
  Source& source_;
  bool any_ = false;
};

}  // namespace mkv

#endif  // MKVCORE_NATIVE_NONEMPTY_SOURCE_H_
