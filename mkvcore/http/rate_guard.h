// Tells a client that is merely slow from one that only holds a place: over every window of waiting
// for it, it must have moved at least the minimum rate.
//
// Only the time spent waiting for the client counts. A transfer that stands still because a volume
// is slow does not make its client slow. Not thread-safe.
#ifndef MKVCORE_HTTP_RATE_GUARD_H_
#define MKVCORE_HTTP_RATE_GUARD_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace mkv::http {

class RateGuard {
 public:
  using Clock = std::chrono::steady_clock;

  // `min_rate` in bytes a second. One wait counts for no more than `longest_wait`: where the caller
  // comes back at least so often while it waits, a longer pause was its own.
  RateGuard(std::uint64_t min_rate, std::chrono::milliseconds window,
            Clock::duration longest_wait = Clock::duration::max())
      : required_(min_rate * static_cast<std::uint64_t>(window.count()) / 1000),
        window_(window),
        longest_wait_(longest_wait) {}

  // The client has to act, since `now` if not already.
  void BeginWait(Clock::time_point now) {
    if (!waiting_) since_ = now;
    waiting_ = true;
  }

  // The client has moved `bytes`.
  void Moved(std::uint64_t bytes, Clock::time_point now) {
    EndWait(now);
    moved_ += bytes;
  }

  bool TooSlow(Clock::time_point now) {
    if (waiting_) {
      EndWait(now);
      BeginWait(now);
    }
    if (waited_ < window_) return false;
    const bool slow = moved_ < required_;
    waited_ = Clock::duration::zero();
    moved_ = 0;
    return slow;
  }

  // Another transfer begins.
  void Reset() {
    waited_ = Clock::duration::zero();
    moved_ = 0;
    waiting_ = false;
  }

  // When TooSlow() is to be asked next if the client goes on doing nothing.
  Clock::time_point Deadline(Clock::time_point now) const {
    return (waiting_ ? since_ : now) + (window_ - std::min<Clock::duration>(waited_, window_));
  }

 private:
  void EndWait(Clock::time_point now) {
    if (waiting_) waited_ += std::min(now - since_, longest_wait_);
    waiting_ = false;
  }

  std::uint64_t required_;  // bytes a window
  Clock::duration window_;
  Clock::duration longest_wait_;
  Clock::duration waited_{0};  // in this window
  std::uint64_t moved_ = 0;    // in this window
  Clock::time_point since_{};
  bool waiting_ = false;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_RATE_GUARD_H_
