// Which keys are being read from their plain path, and whether a new value is coming there.
//
// A file at a generation is written once. The plain path is used again once the value there was
// deleted (KeyState::PlainPathIsFree), and a read that began before may then meet the new value: at
// the next replica, or at the first. Reads that a digest checks find out by that; the others
// register here (unchecked_read.h).
//
// Thread-safe. Who writes pays one atomic load as long as nobody reads so.
#ifndef MKVCORE_STORE_READS_UNDER_WAY_H_
#define MKVCORE_STORE_READS_UNDER_WAY_H_

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mkv {

class ReadsUnderWay {
 public:
  // Registered from construction to destruction.
  class Read {
   public:
    Read(ReadsUnderWay& owner, std::string_view key);
    ~Read();
    Read(const Read&) = delete;
    Read& operator=(const Read&) = delete;

    // Bytes read until now may be another value's.
    bool overtaken() const { return overtaken_; }

   private:
    friend class ReadsUnderWay;
    ReadsUnderWay& owner_;
    const std::string key_;
    std::atomic<bool> overtaken_ = false;
  };

  // To be called once the index holds the intent of a value at the key's plain path, and before
  // any byte of it is sent.
  void Overtake(std::string_view key);

 private:
  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  std::unordered_multimap<std::string, Read*> reads_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_READS_UNDER_WAY_H_
