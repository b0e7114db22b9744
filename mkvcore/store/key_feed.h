// Hands the keys of the index out, one at a time, to any thread: for work over the whole store.
//
// The keys are those of the moment it was made. Thread-safe.
#ifndef MKVCORE_STORE_KEY_FEED_H_
#define MKVCORE_STORE_KEY_FEED_H_

#include <atomic>
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

}  // namespace mkv

#endif  // MKVCORE_STORE_KEY_FEED_H_
