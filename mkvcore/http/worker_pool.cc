#include "mkvcore/http/worker_pool.h"

#include <system_error>
#include <utility>

namespace mkv::http {

WorkerPool::WorkerPool(std::size_t max_threads, std::chrono::milliseconds idle_timeout)
    : max_threads_(max_threads), idle_timeout_(idle_timeout) {}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TryRun(std::function<void()>& work) {
  // Joined on the way out, without the lock: they may still be on their way through it.
  std::list<std::jthread> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.splice(ended.end(), ended_);
    if (stopping_) return false;
    if (idle_ > work_.size()) {
      work_.push_back(std::move(work));
      wake_.notify_one();
    } else if (running_.size() < max_threads_) {
      const auto thread = running_.emplace(running_.end());
      try {
        // It waits for the lock, so it finds its own handle in place.
        *thread = std::jthread([this, thread] { RunThread(thread); });
      } catch (const std::system_error&) {
        // The system gives no more threads: the same to the caller as our own limit.
        running_.erase(thread);
        return false;
      }
      // Counted as idle from now on, so that this work is for it.
      ++idle_;
      work_.push_back(std::move(work));
    } else {
      return false;
    }
  }
  return true;
}

void WorkerPool::Stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  while (!running_.empty() || !ended_.empty()) {
    std::list<std::jthread> ended;
    ended.splice(ended.end(), ended_);
    if (ended.empty()) {
      wake_.wait(lock);
      continue;
    }
    lock.unlock();
    ended.clear();
    lock.lock();
  }
}

std::size_t WorkerPool::threads() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

void WorkerPool::RunThread(std::list<std::jthread>::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto wanted = [this] { return stopping_ || !work_.empty(); };
    if (!wake_.wait_for(lock, idle_timeout_, wanted) || work_.empty()) break;
    std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    --idle_;
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    ++idle_;
  }
  --idle_;
  ended_.splice(ended_.end(), running_, self);
  if (stopping_) wake_.notify_all();
}

}  // namespace mkv::http
