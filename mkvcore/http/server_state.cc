#include "mkvcore/http/server_state.h"

namespace mkv::http {

void ConnectionCount::Remove() {
  if (count_.fetch_sub(1) != 1) return;
  const std::lock_guard lock(mutex_);
  none_.notify_all();
}

bool ConnectionCount::WaitForNone(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, timeout, [this] { return count_.load() == 0; });
}

std::string RequestIds::Next() {
  // The finalizer of SplitMix64: a bijection, so different numbers stay different.
  std::uint64_t mixed = next_;
  next_ += stride_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  mixed ^= mixed >> 31;
  std::string id(16, '0');
  for (auto digit = id.rbegin(); digit != id.rend(); ++digit, mixed >>= 4) {
    *digit = "0123456789ABCDEF"[mixed & 15];
  }
  return id;
}

}  // namespace mkv::http
