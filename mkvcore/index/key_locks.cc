#include "mkvcore/index/key_locks.h"

#include <algorithm>

namespace mkv {

KeyLocks::Guard::Guard(KeyLocks& locks, const std::vector<std::string_view>& keys) : locks_(locks) {
  slots_.reserve(keys.size());
  for (const std::string_view key : keys) slots_.push_back(SlotOf(key));
  std::sort(slots_.begin(), slots_.end());
  slots_.erase(std::unique(slots_.begin(), slots_.end()), slots_.end());

  std::unique_lock lock(locks_.mutex_);
  for (std::uint16_t slot : slots_) {
    if (!locks_.taken_[slot]) {
      locks_.taken_[slot] = true;
      continue;
    }
    Waiter waiter;
    locks_.waiting_.emplace(slot, &waiter);
    waiter.woken.wait(lock, [&] { return waiter.owns_slot; });
  }
}

KeyLocks::Guard::~Guard() {
  const std::lock_guard lock(locks_.mutex_);
  for (std::uint16_t slot : slots_) {
    const auto next = locks_.waiting_.lower_bound(slot);
    if (next == locks_.waiting_.end() || next->first != slot) {
      locks_.taken_[slot] = false;
      continue;
    }
    // Woken under the mutex: once it is let go, the waiter may be gone.
    next->second->owns_slot = true;
    next->second->woken.notify_one();
    locks_.waiting_.erase(next);
  }
}

}  // namespace mkv
