#include "mkvcore/http/worker_pool.h"

#include <system_error>
#include <utility>

namespace mkv::http {

WorkerPool::WorkerPool(std::size_t max_threads, std::chrono::milliseconds idle_timeout)
    : max_threads_(max_threads), idle_timeout_(idle_timeout) {}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TryRun(std::function<void()>& work) {
  // Joined on the way out, without the lock: they may still be on their way through it.
  std::list<Thread> ended;
  const std::lock_guard lock(mutex_);
  ended.splice(ended.end(), ended_);
  if (stopping_) return false;
  if (!idle_.empty()) {
    Thread& thread = *idle_.back();
    idle_.pop_back();
    thread.work = std::move(work);
    thread.wake.notify_one();
    return true;
  }
  if (running_.size() == max_threads_) return false;
  const auto thread = running_.emplace(running_.end());
  thread->work = std::move(work);
  try {
    // It waits for the lock, so it finds its own handle in place.
    thread->handle = std::jthread([this, thread] { RunThread(thread); });
  } catch (const std::system_error&) {
    // The system gives no more threads: the same to the caller as our own limit.
    work = std::move(thread->work);
    running_.erase(thread);
    return false;
  }
  return true;
}

void WorkerPool::Stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (Thread* const thread : idle_) thread->wake.notify_one();
  while (!running_.empty() || !ended_.empty()) {
    std::list<Thread> ended;
    ended.splice(ended.end(), ended_);
    if (ended.empty()) {
      one_ended_.wait(lock);
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

void WorkerPool::RunThread(std::list<Thread>::iterator self) {
  std::unique_lock lock(mutex_);
  while (self->work) {
    std::function<void()> work = std::exchange(self->work, nullptr);
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    if (stopping_) break;
    idle_.push_back(&*self);
    self->wake.wait_for(lock, idle_timeout_, [&] { return stopping_ || self->work; });
    if (!self->work) std::erase(idle_, &*self);
  }
  ended_.splice(ended_.end(), running_, self);
  if (stopping_) one_ended_.notify_all();
}

}  // namespace mkv::http
