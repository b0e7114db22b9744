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
  // Throws IndexError.
  static KeyState Read(const Index& index, std::string_view key);

  const std::string& key() const { return key_; }
  const std::optional<Object>& object() const { return object_; }
  // A value that clients see: there is a record, and it is not unlinked.
  bool live() const { return object_ && !object_->record.unlinked; }
  const format::Pending& pending() const { return pending_; }

  // The greatest generation that the key has or that anything pending of it has.
  Generation GreatestGeneration() const;
  // Nothing was ever at the plain path, or all of it is known to be gone: design rule for its use.
  bool PlainPathIsFree() const { return !record_bytes_ && pending_.blobs_size() == 0; }
  // A pending blob lies, or may still land, at this generation on this volume.
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
  format::PendingBlob* FindPending(std::uint64_t id);
  void RemovePending(std::uint64_t id);

  // False when somebody else changed the key, or what `along` requires does not hold: read again.
  // True: the state is now what the index holds, and can be changed further without being read
  // again.
  [[nodiscard]] bool Commit(Index& index, Index::Durability durability, const Batch& along = {});

 private:
  // What was read.
  void Decode();

  std::string key_;
  std::optional<std::string> record_bytes_, metadata_bytes_, pending_bytes_;  // as read
  std::optional<Object> object_;
  format::Pending pending_;

  enum class Change { kNone, kSet, kRemove };
  Change change_ = Change::kNone;
  std::string new_record_;
  std::optional<std::string> new_metadata_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_KEY_STATE_H_
