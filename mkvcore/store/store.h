// The store: keys to replicated values, over an index and a set of volumes.
//
// This is the seam that both protocols stand on. It knows nothing of HTTP requests or S3; it takes
// keys (with their leading slash), sources of bytes and conditions, and gives outcomes.
//
// How a value is written (put.cc): the index first notes the intent, then the blob goes to all
// replicas at once, then one batch switches record and metadata, clears the intent and queues the
// blob that was replaced as garbage. A reader therefore sees the old or the new value whole, at
// every instant and across any crash, and what a crash leaves on the volumes is known to the index.
//
// Thread-safe. Find() and BeginPut() only read the index and may be called on an event loop, as may
// what is named so; all else that writes blocks and belongs on a worker thread. Errors: what the
// index or the source of a value throws (IndexError, SourceError, TransferError ...) passes
// through; all else is an Outcome.
#ifndef MKVCORE_STORE_STORE_H_
#define MKVCORE_STORE_STORE_H_

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mkvcore/format/placement.h"
#include "mkvcore/index/index.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/store/handling.h"
#include "mkvcore/store/object.h"
#include "mkvcore/store/reads_under_way.h"
#include "mkvcore/store/writers_under_way.h"
#include "mkvcore/volumes/loop_volume_client.h"
#include "mkvcore/volumes/replica_writer.h"
#include "mkvcore/volumes/source.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

struct StoreOptions {
  bool protect = false;  // -protect: only an unlinked key may be deleted
  bool md5sum = true;    // -md5sum: the record of a native PUT holds HASH
  // -sync: what a change wrote to the index survives a power cut once it is answered. Otherwise it
  // survives the death of the process, and a power cut may take the newest changes, in order.
  bool sync = false;
  // -garbage-delay: how long an overwritten blob stays, for readers that were redirected to it.
  std::chrono::milliseconds garbage_delay{60'000};
  // -settle-delay: a request of ours that a volume never answered can not land any more this long
  // after the volume answers again.
  std::chrono::milliseconds settle_delay{60'000};
};

// How a change ended.
enum class Outcome {
  kDone,
  kExists,              // native PUT of a key that has a value
  kBusy,                // native change of a key that is being changed
  kMissing,             // no such key (or it is unlinked, where that counts as missing)
  kProtected,           // -protect, and not yet unlinked
  kPreconditionFailed,  // the caller's condition said no
  kVolumesFailed,       // too few volumes took it; nothing became visible
  kOvertaken,   // a later write was first, and in its condition relied on this one not being
  kImpossible,  // a rebalance that can not be done: no replica left, or none reachable
};

// See Store::BreakOff().
class BrokenOff : public std::runtime_error {
 public:
  BrokenOff() : std::runtime_error("broken off: the server stops") {}
};

class KeyState;
class LoopSync;
class SidecarWrite;
class StagedBlob;

class Store {
 public:
  // `index` and `volumes` outlive the store.
  Store(Index& index, VolumeClient& volumes, std::shared_ptr<const Placement> placement,
        StoreOptions options);
  ~Store();

  Index& index() { return index_; }
  VolumeClient& volumes() { return volumes_; }
  const StoreOptions& options() const { return options_; }
  ReadsUnderWay& reads() { return reads_; }

  // Where new values go. A volume that is no longer listed stays readable.
  std::shared_ptr<const Placement> placement() const;
  void SetPlacement(std::shared_ptr<const Placement> placement);

  // The key's value, unlinked or not; nullopt when there is none.
  std::optional<Object> Find(std::string_view key) const;
  // The same in two steps, for who remembers what he found. `read` is from ReadEntries(), and then
  // what the object was made of. Entries with metadata that are read again say the same again;
  // others do not, for the two are read one after the other.
  ObjectEntries ReadEntries(std::string_view key) const;
  std::optional<Object> Find(std::string_view key, ObjectEntries& read) const;
  // Of what Find() goes by. Taken before it was called, they tell later whether it would find the
  // same again: as long as they are equal, and none of them is 0 (Index::StampOf()).
  struct EntryStamps {
    Stamp record = 0;
    Stamp metadata = 0;
    bool StillHold(const EntryStamps& now) const {
      return record != 0 && metadata != 0 && record == now.record && metadata == now.metadata;
    }
  };
  EntryStamps StampsOf(std::string_view key) const;

  // Asks the volumes for size and time of those keys of which the index has no metadata (the
  // original wrote them) and keeps the answers. Blocks. Who no replica tells of stays unknown.
  void Learn(std::vector<Object>& objects);

  // --- Native changes: one at a time for a key, never over an existing value. ---

  // Reserves `key` for a PUT. The token keeps it reserved until it is released.
  std::variant<Outcome, WritersUnderWay::Token> BeginPut(std::string_view key);

  struct PutResult {
    Outcome outcome = Outcome::kVolumesFailed;
    std::optional<Object> object;  // as committed
  };

  // Stores a value under a key that has none (or an unlinked one). `token` is from BeginPut().
  // `before_read`: see ReplicaWriteRequest.
  PutResult PutNew(std::string_view key, const WritersUnderWay::Token& token, Source& source,
                   const std::function<void()>& before_read);

  // Deletes at once; what a volume does not answer is queued. `kDone` in both cases. The index is
  // synced before anything is deleted, or a power cut could bring back a record without its blob.
  Outcome Delete(std::string_view key);
  Outcome Unlink(std::string_view key);
  // Brings the key to the volumes where it belongs (rebalance_key.cc).
  Outcome Rebalance(std::string_view key);

  // --- Changes that replace: any number at once, the greatest generation wins. ---

  struct ReplaceRequest {
    // Asked with the present value (unlinked ones are absent) before anything is written and again
    // in the moment of the commit. Empty: no condition.
    std::function<Outcome(const std::optional<Object>& current)> condition;
    // The condition is about the value that is replaced. Where a later write comes first there is
    // no order of the two that keeps what both were told, even if the condition holds again: such a
    // write ends with kBusy then, and with kOvertaken what is without condition and came second to
    // one that has it.
    bool conditional = false;
    // The value stays, and is only written anew: whoever is writing another one comes after it.
    bool rewrites = false;
    // Completes the metadata once the value is known, before the sidecar is written.
    std::function<void(format::ObjectMetadata& metadata)> describe;
    // The sidecar's content for that metadata; nullopt when there is nothing to say.
    std::function<std::optional<std::string>(const format::ObjectMetadata& metadata)> sidecar;
    // See ReplicaWriteRequest, both.
    std::function<void()> before_read;
    std::function<void()> meanwhile;
    // Whether the metadata has the value's MD5, and the record its HASH: hashing is most of what a
    // large value costs, and one whose ETag is not its MD5 can do without.
    bool md5 = true;
    // UpdateMetadata() alone: what changes is about the value and no part of it (tags, rights). Its
    // time stays, and -protect does not forbid it.
    bool annotates = false;
  };
  PutResult Replace(std::string_view key, Source& source, const ReplaceRequest& request);

  // --- Changes on an event loop ---

  // False when a worker is to do them: many requests under way, volumes that speak TLS, an index
  // that may have to wait.
  bool MayChangeOnLoop(const LoopVolumeClient& volumes) const;

  // Both kinds of PUT, for small values (put_on_loop.cc).

  // How it ended: with `result`, with what the index or the request threw, or not yet.
  struct LoopPutEnd {
    PutResult result;
    std::exception_ptr error;
    // A volume failed. This goes on with others: call it on a worker, it blocks. It throws as
    // Replace() does. Dropped, it leaves what a crash would.
    std::function<PutResult()> on_worker;
  };
  using LoopPutDone = std::function<void(LoopPutEnd end)>;

  // False also for a value that is large or of unknown length, and with -sync.
  bool MayPutOnLoop(const LoopVolumeClient& volumes, std::optional<std::uint64_t> length) const;
  // `done` runs on the loop, perhaps inside this call; not at all when `volumes` goes before.
  void PutNewOnLoop(LoopVolumeClient& volumes, std::string_view key, WritersUnderWay::Token token,
                    std::shared_ptr<const std::string> value, LoopPutDone done);
  void ReplaceOnLoop(LoopVolumeClient& volumes, std::string_view key,
                     std::shared_ptr<const std::string> value, ReplaceRequest request,
                     LoopPutDone done);

  // Delete() (delete_on_loop.cc): `outcome`, or what the index threw.
  using LoopDeleteDone = std::function<void(Outcome outcome, const std::exception_ptr& error)>;
  // `done` runs on the loop, perhaps inside this call; not at all when `volumes` or `sync` goes
  // before.
  void DeleteOnLoop(LoopVolumeClient& volumes, LoopSync& sync, std::string_view key,
                    LoopDeleteDone done);

  // --- Changes to a value that is there ---

  // Changes what is known of a value (`describe` gets the present metadata) without moving its
  // bytes; others who do the same are waited for. kImpossible when the original wrote it, or when
  // an older sidecar may still land; kVolumesFailed when a volume that holds it does not take the
  // new one: the caller then writes the value anew.
  PutResult UpdateMetadata(std::string_view key, const ReplaceRequest& request);

  // Removes the value; its blob goes after garbage_delay. kMissing when there was none. `along`
  // changes other entries of the index in the same moment; where it requires something, `condition`
  // must refuse once that can not hold any more.
  Outcome Remove(std::string_view key,
                 const std::function<Outcome(const std::optional<Object>& current)>& condition,
                 const Batch& along = {});

  // --- Blobs that wait to become part of a value (staged_blob.h) ---

  // Writes `source` to one volume. `key` begins with kStagedPrefix and is used once. Null when no
  // volume takes it. `meanwhile`: see ReplicaWriteRequest.
  std::unique_ptr<StagedBlob> Stage(std::string_view key, Source& source,
                                    const std::function<void()>& meanwhile = {});
  // Removes what an earlier process left under kStagedPrefix and a rebuild without the old index
  // made values of; how many. To be called before the first Stage().
  std::size_t DropStaged();

  // --- For whole-store work (rebalance.h, garbage_collector.h) ---

  // The process is to end, and does not wait until large values have been copied from volume to
  // volume: Rebalance() and RebalanceQuietly() throw BrokenOff then, and leave the key as it was.
  void BreakOff() { broken_off_ = true; }

  // As Rebalance(), without keeping native changes of the key out: whoever changes it meanwhile
  // wins, and the answer is kBusy.
  struct MoveResult {
    Outcome outcome = Outcome::kDone;
    bool moved = false;  // the record was changed, or a lost replica restored
    bool away = false;   // one of its own volumes did not answer: another has its place
  };
  // Replicas on `distrusted` volumes are not read from, and are written again.
  MoveResult RebalanceQuietly(std::string_view key,
                              const std::vector<std::string>& distrusted = {});
  // The same for several keys, each of them once, at a fraction of the cost: with all requests
  // under way at once, in few writes to the index (rebalance_together.cc). What is not small, or
  // does not go smoothly, is left to RebalanceQuietly(): nullopt. Throws no IndexError for the same
  // reason.
  std::vector<std::optional<MoveResult>> RebalanceTogether(const std::vector<std::string>& keys);

  // Writes the sidecars on those volumes of the key's record anew, as the index has them. kBusy
  // when the key was changed meanwhile or waits for a deletion there; kMissing when it has none.
  Outcome RestoreSidecars(std::string_view key, const std::vector<std::string>& volumes);

  // Ends a pending write of sidecars: `left` is what of it is still to be waited for, and on
  // `settled` no request of it is under way any more. What these have is replaced by what the index
  // says, or stays pending.
  void EndSidecarWrite(std::string_view key, const format::PendingBlob& left,
                       const std::vector<std::string>& settled);

  // Greater than the id of every pending blob of this process so far, and than `after`.
  std::uint64_t NextPendingId(std::uint64_t after) { return generations_.Next(after); }
  // Which pending blobs are in the hands of a thread of this process, or in doubt.
  HandledBlobs& handled() { return handled_; }

  // Told of replicas that a read found missing or damaged (volumes of the key's record). May be
  // called on an event loop.
  void ReportBadReplicas(const std::string& key, const std::vector<std::string>& volumes);
  // Who repairs them (replica_repairer.h); empty: nobody.
  using BadReplicaListener =
      std::function<void(const std::string& key, const std::vector<std::string>& volumes)>;
  void SetBadReplicaListener(BadReplicaListener listener);

  // Called whenever something was left to the garbage collector, with the time from which on it can
  // be dealt with.
  void SetGarbageListener(std::function<void(std::int64_t not_before_us)> listener);

 private:
  friend class StagedBlob;
  struct PutPlan;
  // For whoever changes the key: what the original left of a value of ours is then garbage.
  KeyState ReadToChange(std::string_view key);
  // Volumes in placement order, as they are asked to take a new blob: those that accept writes
  // first.
  std::vector<std::string> Candidates(std::vector<std::string> order) const;
  // A PUT on a thread that blocks (put.cc), and its steps in their order.
  PutResult Put(PutPlan& plan, Source& source);
  Outcome NoteIntent(PutPlan& plan);
  ReplicaWriteRequest BlobRequest(const PutPlan& plan) const;
  std::optional<ValueDigest> WriteBlob(PutPlan& plan, Source& source);
  // Completes the metadata, and makes the sidecar's content where there is to be one. Once.
  static void Describe(PutPlan& plan, const ValueDigest& digest);
  static ReplicaWriteRequest SidecarRequest(const PutPlan& plan,
                                            const std::vector<std::string>& volumes);
  bool WriteSidecar(PutPlan& plan);
  PutResult CommitPut(PutPlan& plan);
  // What follows the blob: all of that. No digest: the blob could not be written.
  PutResult FinishPut(PutPlan& plan, const std::optional<ValueDigest>& digest);
  void AbandonPut(PutPlan& plan);

  class LoopPut;  // the same steps on a loop (put_on_loop.cc)

  // The steps of a DELETE (delete.cc): the object becomes garbage, pending under `id`; its files
  // go; what is left of them stays pending.
  struct DeletePlan;
  Outcome BeginDelete(std::string_view key, std::uint64_t id, Index::Durability durability,
                      DeletePlan& plan);
  // A volume known to be down is not waited for: its share is already queued.
  std::function<bool(const format::PendingBlob::Place& place)> NotKnownToBeDown() const;
  void EndDelete(DeletePlan& plan);

  class LoopDelete;  // the same steps on a loop (delete_on_loop.cc)

  // Writes announced sidecars of `object`, which becomes `changed` with them, if that is given.
  // kBusy when somebody else has changed it meanwhile, kVolumesFailed.
  Outcome WriteSidecars(SidecarWrite& write, const Object& object, const std::string& sidecar,
                        const format::ObjectMetadata* changed);

  // Leaves sidecars that volumes refused (a full disk) to a later EndSidecarWrite().
  void RetrySidecars(std::string_view key, Generation generation,
                     const std::vector<std::string>& volumes);

  // The steps of a rebalance of one key (rebalance_key.cc).
  struct MovePlan;
  Outcome PlanMove(std::string_view key, const std::vector<std::string>& distrusted,
                   MovePlan& plan);
  bool ChooseUnasked(MovePlan& plan) const;
  void AskVolumes(MovePlan& plan, const std::vector<std::string>& volumes);
  // False when the key can not be moved; the log then says why.
  bool ChooseAsAnswered(const std::vector<std::string>& distrusted, MovePlan& plan);
  // In `state`, to be committed before anything is copied, if there is anything to copy. kBusy when
  // there can not be.
  Outcome AnnounceCopies(KeyState& state, MovePlan& plan);
  bool CopyReplicas(MovePlan& plan);
  std::string SidecarToCopy(const std::vector<BlobLocation>& sidecars,
                            const format::ObjectMetadata& metadata);
  Outcome CommitMove(MovePlan& plan);
  // In `state`, of a key that is as it was planned: it has moved. From when on there is garbage.
  std::optional<std::int64_t> SettleMove(KeyState& state, const MovePlan& plan);
  MoveResult RepairDamaged(std::string_view key, std::vector<std::string> distrusted,
                           const MovePlan& plan, Outcome moved);
  class MoveTogether;  // the same steps for several keys (rebalance_together.cc)

  // Of the write that decides a change, and so comes before its answer. What only prepares it need
  // not be synced: the index keeps its writes in order.
  Index::Durability Decisive() const {
    return options_.sync ? Index::Durability::kSynced : Index::Durability::kOrdered;
  }

  void LearnGroup(std::span<Object* const> objects);
  void Keep(const Object& object, const format::ObjectMetadata& learned);

  void TellGarbageListener(std::int64_t not_before_us);

  Index& index_;
  VolumeClient& volumes_;
  const StoreOptions options_;
  GenerationClock generations_;
  WritersUnderWay writers_;
  ReadsUnderWay reads_;
  std::atomic<bool> broken_off_{false};

  mutable std::mutex placement_mutex_;
  std::shared_ptr<const Placement> placement_;

  HandledBlobs handled_;

  std::mutex listener_mutex_;
  std::function<void(std::int64_t)> listener_;
  BadReplicaListener bad_replica_listener_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_STORE_H_
