// Which keys are being changed right now, by this process.
//
// The native API answers 409 to a change of a key that is being changed; S3 never waits nor
// refuses. So a native change is exclusive: it fails while anything else is under way, and S3
// changes are shared: they always succeed, and keep native ones out. This decides answers only;
// what is written is decided by the index (Batch::Require).
//
// Thread-safe. A Token may be released on any thread.
#ifndef MKVCORE_STORE_WRITERS_UNDER_WAY_H_
#define MKVCORE_STORE_WRITERS_UNDER_WAY_H_

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "mkvcore/format/blob_path.h"

namespace mkv {

class WritersUnderWay {
 public:
  // Registered as long as it lives. An empty token holds nothing.
  class Token {
   public:
    Token() = default;
    Token(Token&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}
    Token& operator=(Token&& other) noexcept;
    ~Token() { Release(); }

    explicit operator bool() const { return owner_ != nullptr; }
    void Release();

   private:
    friend class WritersUnderWay;
    Token(WritersUnderWay* owner, std::string key) : owner_(owner), key_(std::move(key)) {}
    WritersUnderWay* owner_ = nullptr;
    std::string key_;
  };

  // Empty if the key is being changed by anyone.
  Token TryExclusive(std::string_view key);
  Token Shared(std::string_view key);

  // A write of this generation relies on the value that it replaces: those under way with it that
  // are older must not be taken for replaced by it. Both only by who holds a token for the key; it
  // is forgotten with the last one.
  void ReliesOn(std::string_view key, Generation generation);
  // The greatest such generation.
  Generation ReliedOnAt(std::string_view key);

 private:
  struct Writers {
    int count = 0;
    Generation relied_on_at = kPlain;
  };
  // A shard's mutex is held for the look-up alone; shards keep the loops out of each other's way.
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Writers> writers;
  };
  static constexpr std::size_t kShards = 64;
  Shard& ShardOf(std::string_view key);

  std::array<Shard, kShards> shards_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_WRITERS_UNDER_WAY_H_
