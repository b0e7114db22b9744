// The threads that move bytes: made on demand up to a limit, ended after some idle seconds. There
// is no queue: work that finds no thread free and none to be made is refused at once.
//
// Work goes to the thread that has been idle for the shortest time, whose memory the caches still
// hold; so the others come to end.
//
// Thread-safe.
#ifndef MKVCORE_HTTP_WORKER_POOL_H_
#define MKVCORE_HTTP_WORKER_POOL_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace mkv::http {

class WorkerPool {
 public:
  explicit WorkerPool(std::size_t max_threads,
                      std::chrono::milliseconds idle_timeout = std::chrono::seconds(10));
  // Joins all threads, as Stop().
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `work`, which must not throw, on a thread of the pool. False, and `work` is untouched,
  // when all are busy and no more may be made, or after Stop().
  bool TryRun(std::function<void()>& work);

  // Lets the work under way finish and joins all threads. Not from a thread of the pool.
  void Stop();

  std::size_t threads() const;

 private:
  struct Thread {
    std::jthread handle;
    std::condition_variable wake;
    std::function<void()> work;  // empty while it is idle
  };

  void RunThread(std::list<Thread>::iterator self);

  const std::size_t max_threads_;
  const std::chrono::milliseconds idle_timeout_;

  mutable std::mutex mutex_;
  std::list<Thread> running_;
  std::vector<Thread*> idle_;  // of running_, who became so last comes last
  std::list<Thread> ended_;    // to be joined
  std::condition_variable one_ended_;
  bool stopping_ = false;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_WORKER_POOL_H_
