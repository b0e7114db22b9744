// Issues generations: greater than every one issued before and than every one a key has had.
//
// A generation is a time in microseconds, so that those issued after a restart (or by another
// gateway) are greater too. Thread-safe.
#ifndef MKVCORE_STORE_GENERATION_CLOCK_H_
#define MKVCORE_STORE_GENERATION_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "mkvcore/format/blob_path.h"

namespace mkv {

// Microseconds since the epoch.
std::int64_t WallClockMicros();

class GenerationClock {
 public:
  // max(clock, last issued + 1, `after` + 1)
  Generation Next(Generation after = kPlain);

 private:
  std::atomic<Generation> last_{0};
};

}  // namespace mkv

#endif  // MKVCORE_STORE_GENERATION_CLOCK_H_
