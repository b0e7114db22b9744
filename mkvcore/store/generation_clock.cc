#include "mkvcore/store/generation_clock.h"

#include <algorithm>
#include <chrono>

namespace mkv {

std::int64_t WallClockMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Generation GenerationClock::Next(Generation after) {
  Generation last = last_.load();
  Generation next = 0;
  do {
    next = std::max({static_cast<Generation>(WallClockMicros()), last + 1, after + 1});
  } while (!last_.compare_exchange_weak(last, next));
  return next;
}

}  // namespace mkv
