// One blob on its way to the volumes: the intent in the index that announces it, and how the intent
// ends. Used by every path that puts a file on a volume (put.cc, rebalance_key.cc and their like).
//
// One thread at a time. As long as a BlobWrite lives its pending blob counts as handled; one that
// is dropped without Settle() or Abandon() leaves a dead intent, which the garbage collector treats
// as after a crash.
#ifndef MKVCORE_STORE_BLOB_WRITE_H_
#define MKVCORE_STORE_BLOB_WRITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/store/handling.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/volumes/replica_writer.h"

namespace mkv {

class BlobWrite {
 public:
  // `pending_id` is from the store's GenerationClock.
  BlobWrite(Index& index, HandledBlobs& handled, std::uint64_t pending_id)
      : index_(index), handling_(handled, pending_id) {}

  // Adds the intent to `state`, which the caller commits before it writes any file.
  void Announce(KeyState& state, Generation generation, bool original_spelling, bool sidecar,
                const std::vector<std::string>& volumes);

  std::uint64_t pending_id() const { return handling_.id(); }
  const std::string& key() const { return key_; }
  Generation generation() const { return generation_; }
  std::string path() const;

  // WriteReplicas(), with every further volume added to the intent before anything is sent to it,
  // and what became of the requests noted. Throws what WriteReplicas() throws.
  ReplicaWriteResult Write(VolumeClient& volumes, Source& source, ReplicaWriteRequest request);

  // The parts of Write(). LogFailure: one line that says which of the volumes tried so far failed
  // how; whoever made the request is told only that it failed.
  void AddPlace(const std::string& volume);
  void Tried(const ReplicaWriteResult& result);
  void LogFailure() const;
  // The requests ended without a result, and any of them may have delivered the whole value.
  void TriedInVain() { outcome_unknown_ = true; }

  // In `state`, about to be committed: the blob is now part of the object on `volumes`; whatever
  // else was tried becomes garbage, if it may have left a file. Those of `volumes` where the blob
  // may land again stay pending as well, unanswered. True if anything does.
  bool Settle(KeyState& state, const std::vector<std::string>& volumes) const;
  // In `state`: all that was tried becomes garbage. True if anything may have left a file.
  bool AbandonIn(KeyState& state) const;
  // The same, read and committed here. Never throws: an index that fails leaves the dead intent.
  bool Abandon() noexcept;

 private:
  Index& index_;
  HandledBlobs::Handling handling_;
  std::string key_;
  Generation generation_ = kPlain;
  bool original_spelling_ = false;
  std::vector<ReplicaWriteResult::Attempt> attempts_;
  bool outcome_unknown_ = false;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_BLOB_WRITE_H_
