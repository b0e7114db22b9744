// Mutual exclusion by key: whoever locks a set of keys keeps others from locking any of them.
//
// Keys share 4,096 slots by their hash, so two different keys now and then wait for each other.
// Slots are taken one by one in ascending order, so sets that overlap can not block each other for
// ever, and each is handed to who has waited for it longest, so nobody starves. Not a mutex per
// slot: a large batch would hold thousands, and mutexes are not fair.
//
// Thread-safe. A Guard may be released on any thread.
#ifndef MKVCORE_INDEX_KEY_LOCKS_H_
#define MKVCORE_INDEX_KEY_LOCKS_H_

#include <bitset>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

namespace mkv {

class KeyLocks {
 public:
  static constexpr std::size_t kSlots = 4096;
  static std::uint16_t SlotOf(std::string_view key) {
    return static_cast<std::uint16_t>(std::hash<std::string_view>()(key) % kSlots);
  }

  class Guard {
   public:
    // Blocks until all of `keys` are this guard's. Duplicates do no harm.
    Guard(KeyLocks& locks, const std::vector<std::string_view>& keys);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    const std::vector<std::uint16_t>& slots() const { return slots_; }

   private:
    KeyLocks& locks_;
    std::vector<std::uint16_t> slots_;  // ascending
  };

 private:
  struct Waiter {
    std::condition_variable woken;
    bool owns_slot = false;
  };

  std::mutex mutex_;
  std::bitset<kSlots> taken_;
  // By slot; of one slot, in order of arrival.
  std::multimap<std::uint16_t, Waiter*> waiting_;
};

}  // namespace mkv

#endif  // MKVCORE_INDEX_KEY_LOCKS_H_
