#include "mkvcore/store/rate_limit.h"

#include <algorithm>
#include <thread>

namespace mkv {

void RateLimit::Take(std::uint64_t bytes, const std::atomic<bool>& stop) {
  if (rate_ == 0) return;
  Clock::time_point until;
  {
    const std::lock_guard lock(mutex_);
    until = std::max(free_at_, Clock::now());
    free_at_ = until + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                           static_cast<double>(bytes) / static_cast<double>(rate_)));
  }
  constexpr std::chrono::milliseconds kLook{100};
  for (auto now = Clock::now(); now < until && !stop; now = Clock::now()) {
    std::this_thread::sleep_for(std::min<Clock::duration>(until - now, kLook));
  }
}

}  // namespace mkv
