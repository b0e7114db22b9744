// When keys were last written, by the index's own count: whoever finds the stamp of a key as it was
// when he read it knows that what he read still holds, without reading it again.
//
// Keys share stamps as they share locks (key_locks.h). A stamp that changed for another key's sake
// only costs the reading.
//
// The rule: a reader takes the stamp before he reads; a writer, while he holds the locks, takes it
// away before he writes, and sets a new one after it. So a reader who met a write half way has a
// stamp from before it, or none; and who finds an old stamp, nobody has read the new entry yet.
//
// Thread-safe.
#ifndef MKVCORE_INDEX_KEY_STAMPS_H_
#define MKVCORE_INDEX_KEY_STAMPS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "mkvcore/index/index.h"
#include "mkvcore/index/key_locks.h"

namespace mkv {

class KeyStamps {
 public:
  KeyStamps() { RenewAll(); }

  // 0 while it is being written.
  Stamp Of(std::string_view key) const {
    return stamps_[KeyLocks::SlotOf(key)].load(std::memory_order_acquire);
  }
  // All that `guard` locks is about to be written. Without a stamp until Next() or RenewAll():
  // after a write that failed, entries are read each time. Relaxed is enough: who reads what is
  // written then, or writes after it, has taken LevelDB's mutex after this.
  void TakeAway(const KeyLocks::Guard& guard) {
    for (const std::uint16_t slot : guard.slots()) {
      stamps_[slot].store(0, std::memory_order_relaxed);
    }
  }
  // Of all that `guard` locks: it has been written, or read under the lock.
  Stamp Next(const KeyLocks::Guard& guard) {
    const Stamp stamp = ++last_;
    for (const std::uint16_t slot : guard.slots()) {
      stamps_[slot].store(stamp, std::memory_order_release);
    }
    return stamp;
  }
  // Anything may have been written; no writer is under way.
  void RenewAll() {
    const Stamp stamp = ++last_;
    for (auto& one : stamps_) one.store(stamp, std::memory_order_release);
  }

 private:
  std::atomic<Stamp> last_ = 0;
  std::array<std::atomic<Stamp>, KeyLocks::kSlots> stamps_;
};

}  // namespace mkv

#endif  // MKVCORE_INDEX_KEY_STAMPS_H_
