// Which pending blobs are in the hands of a thread of this process: being written, or being
// deleted. The garbage collector leaves those alone; an intent that nobody handles has lost its
// writer.
//
// And of which ones requests were sent without the index saying what became of them, because it
// failed at just that moment: they are in doubt, like those of an earlier process, until it does.
//
// Thread-safe.
#ifndef MKVCORE_STORE_HANDLING_H_
#define MKVCORE_STORE_HANDLING_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <unordered_set>

namespace mkv {

class HandledBlobs {
 public:
  bool Contains(std::uint64_t pending_id) const {
    const std::lock_guard lock(mutex_);
    return ids_.contains(pending_id);
  }

  // Blocks as long as somebody handles it. Not for who handles anything himself that others wait
  // for.
  void AwaitEnd(std::uint64_t pending_id) {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this, pending_id] { return !ids_.contains(pending_id); });
  }

  void Doubt(std::uint64_t pending_id) {
    const std::lock_guard lock(mutex_);
    in_doubt_.insert(pending_id);
  }
  bool IsInDoubt(std::uint64_t pending_id) const {
    const std::lock_guard lock(mutex_);
    return in_doubt_.contains(pending_id);
  }
  // The index says it now.
  void EndDoubt(std::uint64_t pending_id) {
    const std::lock_guard lock(mutex_);
    in_doubt_.erase(pending_id);
  }

  // Handled from construction to destruction.
  class Handling {
   public:
    Handling(HandledBlobs& owner, std::uint64_t id) : owner_(owner), id_(id) {
      const std::lock_guard lock(owner_.mutex_);
      owner_.ids_.insert(id_);
    }
    ~Handling() {
      const std::lock_guard lock(owner_.mutex_);
      owner_.ids_.erase(id_);
      owner_.ended_.notify_all();
    }
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

    std::uint64_t id() const { return id_; }

   private:
    HandledBlobs& owner_;
    const std::uint64_t id_;
  };

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::unordered_set<std::uint64_t> ids_;
  std::unordered_set<std::uint64_t> in_doubt_;  // as many as DELETEs that the index failed
};

}  // namespace mkv

#endif  // MKVCORE_STORE_HANDLING_H_
