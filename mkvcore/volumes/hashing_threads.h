// Threads that hash values while others receive and send them (BackgroundHasher).
//
// There are fewer of them than values at busy times: a thread takes a piece of each value that
// waits and hashes these together, which costs less of the CPU the more there are (Md5Stream). A
// value by itself is hashed as soon as it comes.
//
// Thread-safe. Ends after all hashers that use it.
#ifndef MKVCORE_VOLUMES_HASHING_THREADS_H_
#define MKVCORE_VOLUMES_HASHING_THREADS_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace mkv {

class BackgroundHasher;

class HashingThreads {
 public:
  // Starts them with the first hasher. By default half as many as the machine has cores: hashing is
  // less than half of what a value costs.
  explicit HashingThreads(unsigned count = 0);
  ~HashingThreads();
  HashingThreads(const HashingThreads&) = delete;
  HashingThreads& operator=(const HashingThreads&) = delete;

 private:
  friend class BackgroundHasher;

  // A std::system_error means that not even one thread is to be had.
  void Start();
  void Run();

  const unsigned count_;
  std::mutex mutex_;  // of the hashers, too
  std::condition_variable work_;
  std::deque<BackgroundHasher*> waiting_;  // those with pieces that no thread is hashing
  std::size_t idle_ = 0;                   // threads without work
  bool ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_HASHING_THREADS_H_
