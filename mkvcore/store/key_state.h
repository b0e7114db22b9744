// Everything that the index holds of one key, read together, and the batch that changes it only if
// nobody else did meanwhile.
//
// Every change of the store has this shape: read the state, decide, write a batch that requires the
// state to be as read; refused, begin again. No lock is held between.
#ifndef MKVCORE_STORE_KEY_STATE_H_
#define MKVCORE_STORE_KEY_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/index/index.h"
#include "mkvcore/store/object.h"

namespace mkv {

class KeyState {
 public:
  // Throws IndexError, as all that reads here does.
  static KeyState Read(const Index& index, std::string_view key);
  // Everything pending of a key, batches included, at one moment: for those who only look.
  static format::Pending AllPending(const Index& index, std::string_view key);

  const std::string& key() const { return key_; }
  const std::optional<Object>& object() const { return object_; }
  // A value that clients see: there is a record, and it is not unlinked.
  bool live() const { return object_ && !object_->record.unlinked; }
  const format::Pending& pending() const { return pending_; }
  // Of an earlier value, which the original has done away with as far as it knew of it.
  std::optional<Object> leftover() const;

  // The greatest generation that the key has or that anything pending of it has.
  Generation GreatestGeneration() const;
  // Greater than the object's, less than that of every other write of the key that is under way, as
  // a rule, and neither the generation of anything pending.
  Generation NextAfterObject() const;
  // Nothing was ever at the plain path, or all of it is known to be gone: design rule for its use.
  bool PlainPathIsFree() const { return !read_.record && !HasPending(pending_); }
  // A pending blob lies, or may still land, at this generation on this volume. Of batches this says
  // nothing: no value of the key is, or will be, where their blobs are.
  bool IsPending(Generation generation, std::string_view volume) const;
  // The id of a pending blob at this generation on any of these volumes.
  std::optional<std::uint64_t> FindPendingAt(Generation generation,
                                             const std::vector<std::string>& volumes) const;

  // What to change. The batch made of it requires all three entries to be as read.
  void SetObject(const Record& record, format::ObjectMetadata metadata);
  // The same value under a changed record (unlinked, moved). Metadata follows if there is any.
  void SetRecord(const Record& record);
  void RemoveObject();
  format::Pending& MutablePending() { return pending_; }
  // Adds the present object's blob on `volumes` to the garbage.
  format::PendingBlob& AddGarbage(const Object& object, const std::vector<std::string>& volumes,
                                  std::uint64_t id, std::int64_t not_before_us);
  // What is left of a leftover() goes to the garbage, and its metadata with the commit: to be
  // called by whoever changes the key, for nobody else would know of it any more.
  void QueueLeftover(const Object& leftover, std::uint64_t id, std::int64_t not_before_us);
  // Reads a batch of garbage as well: until the commit its blobs are found, removed and written
  // like the rest.
  void ReadBatch(const Index& index, std::uint64_t batch);
  // All that was read.
  std::vector<format::PendingBlob*> PendingBlobs();
  format::PendingBlob* FindPending(std::uint64_t id);
  void RemovePending(std::uint64_t id);

  // False when somebody else changed the key, or what `along` requires does not hold: read again.
  // True: the state is now what the index holds, and can be changed further without being read
  // again. Where the pending entry has become long, what only waits for readers to be done with an
  // earlier generation moves to a batch of its own.
  [[nodiscard]] bool Commit(Index& index, Index::Durability durability, const Batch& along = {});
  // Several keys in one batch, each of them once. False: at least one of them could not be, and
  // none was.
  [[nodiscard]] static bool CommitTogether(Index& index, Index::Durability durability,
                                           const std::vector<KeyState*>& states);

 private:
  // Of a pending entry: more make each change of the key dearer, fewer make for many batches.
  static constexpr int kMostBlobs = 16;

  struct GarbageBatch {
    std::uint64_t number;
    std::optional<std::string> bytes;  // as in the index
    format::Pending content;
  };

  static bool HasPending(const format::Pending& pending) {
    return pending.blobs_size() > 0 || pending.garbage_batches() > 0;
  }
  // What was read.
  void Decode();
  bool ReadTogether() const;
  // The generation that the key's value has after the commit.
  Generation GenerationToBe() const;
  void MoveGarbageOut();
  // The key's entries.
  struct Entries {
    std::optional<std::string> record, metadata, pending;
  };
  // What is to change, and what must still be so. Returns what the index then holds.
  Entries AddTo(Batch& batch);
  void Become(Entries entries, Stamp stamp);

  std::string key_;
  Entries read_;
  // Of these; none where they were read by an iterator.
  struct Stamps {
    Stamp record = 0, metadata = 0, pending = 0;
  } stamps_;
  std::optional<Object> object_;
  format::Pending pending_;
  std::vector<GarbageBatch> batches_;  // read, or about to be written

  enum class Change { kNone, kSet, kRemove };
  Change change_ = Change::kNone;
  bool leftover_queued_ = false;
  Generation new_generation_ = kPlain;
  std::string new_record_;
  std::optional<std::string> new_metadata_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_KEY_STATE_H_
