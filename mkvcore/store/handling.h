// Which pending blobs are in the hands of a thread of this process: being written, or being
// deleted. The garbage collector leaves those alone; an intent that nobody handles has lost its
// writer.
//
// Thread-safe.
#ifndef MKVCORE_STORE_HANDLING_H_
#define MKVCORE_STORE_HANDLING_H_

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
  std::unordered_set<std::uint64_t> ids_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_HANDLING_H_
