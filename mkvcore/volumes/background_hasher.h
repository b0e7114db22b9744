// A ValueHasher beside its user, so that a value is hashed while it is received and sent.
//
// MD5 is what a large PUT waits for (0.9 GB/s on a core that sends several); beside the sockets it
// costs no time of its own, as long as there are threads for it. The bytes are not copied: they
// stay the caller's until done() has passed them.
//
// One thread calls all of this. A std::system_error from the constructor means that there are no
// threads to be had: hash yourself then.
#ifndef MKVCORE_VOLUMES_BACKGROUND_HASHER_H_
#define MKVCORE_VOLUMES_BACKGROUND_HASHER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <string_view>

#include "mkvcore/volumes/hashing_threads.h"
#include "mkvcore/volumes/value_hasher.h"

namespace mkv {

class BackgroundHasher {
 public:
  // `threads` outlive it.
  BackgroundHasher(HashingThreads& threads, bool md5);
  // Ends after the turn that it is in; what was not hashed yet is left.
  ~BackgroundHasher();
  BackgroundHasher(const BackgroundHasher&) = delete;
  BackgroundHasher& operator=(const BackgroundHasher&) = delete;

  // `bytes` follow those of the calls before, and stay as they are until done() has passed them.
  void Update(std::string_view bytes);

  std::uint64_t given() const;
  // How many bytes are hashed, of all that were given.
  std::uint64_t done() const;
  // Waits until done() is greater than `position`, which is less than what was given.
  void AwaitPast(std::uint64_t position);
  // Waits for all of it. The hasher is the caller's from then on.
  ValueHasher& Finish();

 private:
  friend class HashingThreads;
  enum class State { kIdle, kWaiting, kHashing };

  static constexpr std::uint64_t kNobodyWaits = std::numeric_limits<std::uint64_t>::max();

  // Until `position` bytes are hashed.
  void Await(HashingThreads::Lock& lock, std::uint64_t position);
  // By whoever took the turn, with the mutex held.
  void Hashed(std::size_t bytes);
  // With the mutex held: who waits for it, if anybody does, may hash it himself.
  void WakeHelper();

  HashingThreads& threads_;
  ValueHasher hasher_;  // while kHashing, of whoever takes the turn
  // All that follows under the mutex of threads_.
  std::condition_variable changed_;
  std::deque<std::string_view> pieces_;
  State state_ = State::kIdle;
  std::uint64_t awaited_ = kNobodyWaits;  // what changed_ is to tell of
  std::uint64_t given_ = 0;               // its user's alone
  std::atomic<std::uint64_t> done_ = 0;   // read by its user without the mutex
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_BACKGROUND_HASHER_H_
