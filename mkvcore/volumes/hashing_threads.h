// Threads that hash values while others receive and send them (BackgroundHasher).
//
// At busy times there are fewer of them than values: a thread takes a piece of each of those that
// wait, eight at most, and hashes them together, which costs less of the CPU (Md5Stream). A value
// by itself is hashed as soon as it comes. Where there are too few values for that to pay, who
// waits for his own hashes it himself, so that no core stands by.
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
  // Starts them with the first hasher. By default one for two cores: hashing is less than half of
  // what a value costs that goes to several volumes.
  explicit HashingThreads(unsigned count = 0);
  ~HashingThreads();
  HashingThreads(const HashingThreads&) = delete;
  HashingThreads& operator=(const HashingThreads&) = delete;

 private:
  friend class BackgroundHasher;
  using Lock = std::unique_lock<std::mutex>;

  // A std::system_error means that not even one thread is to be had.
  void Start();
  void Run();
  // A piece of each of the first that wait, `most` of them and eight at most; unlocks meanwhile.
  void TakeTurn(Lock& lock, std::size_t most);
  // If there is work, and a thread without any.
  void WakeOne();
  // Whether who waits for a value that waits itself should take a turn: where there are too few
  // values for each thread to hash several together.
  bool NeedsHelp() const;

  const unsigned count_;
  std::mutex mutex_;  // of the hashers, too
  std::condition_variable work_;
  std::deque<BackgroundHasher*> waiting_;  // those with pieces that no thread is hashing
  std::size_t idle_ = 0;                   // threads without work
  std::size_t values_in_turns_ = 0;
  bool ending_ = false;
  bool started_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_HASHING_THREADS_H_
