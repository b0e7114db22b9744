// Holds several threads together to so many bytes a second.
//
// Thread-safe.
#ifndef MKVCORE_STORE_RATE_LIMIT_H_
#define MKVCORE_STORE_RATE_LIMIT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace mkv {

class RateLimit {
 public:
  // 0: no limit.
  explicit RateLimit(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  // Returns when `bytes` more may have passed, or soon after `stop` is set.
  void Take(std::uint64_t bytes, const std::atomic<bool>& stop);

 private:
  using Clock = std::chrono::steady_clock;
  const std::uint64_t rate_;
  std::mutex mutex_;
  Clock::time_point free_at_{};  // when all that was taken so far has passed
};

}  // namespace mkv

#endif  // MKVCORE_STORE_RATE_LIMIT_H_
