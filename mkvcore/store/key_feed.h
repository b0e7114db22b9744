// Hands the keys of the index out, one at a time, to any thread: for work over the whole store.
//
// The keys are those of the moment it was made. Thread-safe.
#ifndef MKVCORE_STORE_KEY_FEED_H_
#define MKVCORE_STORE_KEY_FEED_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mkvcore/index/index.h"

namespace mkv {

class KeyFeed {
 public:
  explicit KeyFeed(const Index& index) : entries_(index.NewIterator()) { entries_->Seek("/"); }

  // nullopt at the end. Throws IndexError.
  std::optional<std::string> Next() {
    const std::lock_guard lock(mutex_);
    if (!entries_->Valid() || !entries_->key().starts_with('/')) {
      entries_->Check();
      return std::nullopt;
    }
    std::string key(entries_->key());
    entries_->Next();
    return key;
  }

  // Hands each key that is left to `work`, until `stop`. Throws IndexError, and what `work` throws.
  void ForEach(const std::atomic<bool>& stop, const std::function<void(const std::string&)>& work) {
    while (!stop) {
      const std::optional<std::string> key = Next();
      if (!key) return;
      work(*key);
    }
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Index::Iterator> entries_;
};

// How many keys there are, until `stop`. `counted` is told how many so far about once a second, so
// that it can report, and look whether to stop. Throws IndexError, and what `counted` throws.
inline void CountKeys(const Index& index, const std::atomic<bool>& stop,
                      const std::function<void(std::uint64_t keys)>& counted) {
  constexpr std::uint64_t kKeysBetweenLooks = 1'000;
  auto told = std::chrono::steady_clock::now();
  std::uint64_t keys = 0;
  KeyFeed(index).ForEach(stop, [&](const std::string&) {
    if (++keys % kKeysBetweenLooks != 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - told < std::chrono::seconds(1)) return;
    told = now;
    counted(keys);
  });
  counted(keys);
}

}  // namespace mkv

#endif  // MKVCORE_STORE_KEY_FEED_H_
