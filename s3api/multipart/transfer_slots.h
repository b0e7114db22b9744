// How many do the same at once. Of parts and whole uploads that move between volumes and memory:
// each such transfer holds buffers of some 1.5 MB, which must not add up to more than the budget
// that it relieves.
//
// Thread-safe. Slots do not outlive what they are of.
#ifndef S3API_MULTIPART_TRANSFER_SLOTS_H_
#define S3API_MULTIPART_TRANSFER_SLOTS_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace mkv::s3 {

class TransferSlots {
 public:
  explicit TransferSlots(unsigned count) : free_(count) {}

  // Given back on destruction.
  class Slot {
   public:
    explicit Slot(TransferSlots& slots) : slots_(&slots) {}
    Slot(Slot&& other) noexcept = default;
    Slot& operator=(Slot&& other) noexcept = default;

   private:
    struct GiveBack {
      void operator()(TransferSlots* slots) const {
        {
          const std::lock_guard lock(slots->mutex_);
          ++slots->free_;
        }
        slots->given_back_.notify_one();
      }
    };
    std::unique_ptr<TransferSlots, GiveBack> slots_;
  };

  // Waits for a slot; once a second `waiting` is called, if there is one, and ends the wait by
  // throwing.
  Slot Take(const std::function<void()>& waiting) {
    std::unique_lock lock(mutex_);
    while (!given_back_.wait_for(lock, std::chrono::seconds(1), [this] { return free_ > 0; })) {
      lock.unlock();
      if (waiting) waiting();
      lock.lock();
    }
    --free_;
    return Slot(*this);
  }

  // Nothing when all are taken. (std::counting_semaphore may say so when they are not.)
  std::optional<Slot> TryTake() {
    const std::lock_guard lock(mutex_);
    if (free_ == 0) return std::nullopt;
    --free_;
    return Slot(*this);
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_back_;
  unsigned free_;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_TRANSFER_SLOTS_H_
