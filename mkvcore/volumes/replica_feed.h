// What the transfers of one write send: a value that is held, or the ring through which it passes.
//
// Positions are bytes from the start of the value. Not thread-safe.
#ifndef MKVCORE_VOLUMES_REPLICA_FEED_H_
#define MKVCORE_VOLUMES_REPLICA_FEED_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace mkv {

class ReplicaFeed {
 public:
  virtual ~ReplicaFeed() = default;

  // The length to announce; without it the value is sent chunked.
  virtual std::optional<std::uint64_t> size() const = 0;
  // Bytes at `position` that may be sent now; empty when there are none yet, or none any more.
  virtual std::string_view At(std::uint64_t position) const = 0;
  // The value is known to be complete, and ends at `position`.
  virtual bool EndsAt(std::uint64_t position) const = 0;
};

class HeldFeed : public ReplicaFeed {
 public:
  explicit HeldFeed(std::string_view value) : value_(value) {}

  std::optional<std::uint64_t> size() const override { return value_.size(); }
  std::string_view At(std::uint64_t position) const override { return value_.substr(position); }
  bool EndsAt(std::uint64_t position) const override { return position == value_.size(); }

 private:
  std::string_view value_;
};

// A ring of fixed size. The source writes at its head; every transfer reads at its own position,
// and what the slowest has read can be released for what follows. Until the first Release() the
// whole value so far is there, for a transfer that steps in for another.
//
// The last byte of a value whose length was announced is kept back until Complete(), so that a
// source which fails at its very end (a wrong signature) leaves no file: nginx stores nothing
// before the body is whole.
class RingFeed : public ReplicaFeed {
 public:
  RingFeed(std::optional<std::uint64_t> size, std::size_t capacity);

  std::optional<std::uint64_t> size() const override { return size_; }
  std::string_view At(std::uint64_t position) const override;
  bool EndsAt(std::uint64_t position) const override { return complete_ && position == head_; }

  // Where to put the next bytes; empty when the ring is full.
  std::span<char> Room();
  void Filled(std::size_t bytes);
  // Bytes before `position` are not needed any more.
  void Release(std::uint64_t position) { tail_ = position; }
  std::size_t free() const { return capacity_ - static_cast<std::size_t>(head_ - tail_); }
  void Complete() { complete_ = true; }

  bool complete() const { return complete_; }
  std::uint64_t head() const { return head_; }
  std::uint64_t tail() const { return tail_; }  // the first byte that is still there

 private:
  const std::optional<std::uint64_t> size_;
  const std::size_t capacity_;
  const std::unique_ptr<char[]> ring_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  bool complete_ = false;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_REPLICA_FEED_H_
