#include "mkvcore/store/loop_sync.h"

#include <utility>

namespace mkv {

LoopSync::LoopSync(EventLoop& loop, Index& index)
    : loop_(loop),
      index_(index),
      thread_([this, alive = std::weak_ptr<int>(alive_)] { Run(alive); }) {}

LoopSync::~LoopSync() {
  alive_.reset();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void LoopSync::AfterSync(Done done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
  }
  changed_.notify_one();
}

void LoopSync::Run(const std::weak_ptr<int>& alive) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    std::vector<Done> group = std::exchange(waiting_, {});
    lock.unlock();
    std::exception_ptr failed;
    try {
      index_.Sync();
    } catch (...) {
      failed = std::current_exception();
    }
    loop_.Post([alive, group = std::move(group), failed] {
      if (alive.expired()) return;
      for (const Done& done : group) done(failed);
    });
    lock.lock();
  }
}

}  // namespace mkv
