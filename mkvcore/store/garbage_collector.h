// Settles what is pending in the index: deletes garbage from the volumes, and the blobs of intents
// whose writer is gone.
//
// A thread of its own. It wakes when something falls due, and every second asks the volumes that
// are down whether they are back. It holds nothing in memory but when to look next: what there is
// to do lies in the index, so that a crash loses none of it.
//
// Rules (see also PendingBlob in format/index_entries.proto):
// * A blob is deleted only once a synced write of the index has followed its entry, or a power cut
//   could roll the index back to a record whose blob is gone.
// * What was pending when the process started may still have requests under way from before: each
//   of its places counts as unanswered. So does each of what the index failed to note (handling.h).
// * A blob that the key's record refers to is never deleted, whatever the entry says. Its entry
//   stays as long as a request of ours may still land there.
// * Sidecars of such a blob whose writing came to no end are then written anew from the index: some
//   volumes may have taken what nobody was told.
#ifndef MKVCORE_STORE_GARBAGE_COLLECTOR_H_
#define MKVCORE_STORE_GARBAGE_COLLECTOR_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/store/store.h"

namespace mkv {

class KeyState;

class GarbageCollector {
 public:
  // `store` outlives the collector.
  explicit GarbageCollector(Store& store);
  ~GarbageCollector();
  GarbageCollector(const GarbageCollector&) = delete;
  GarbageCollector& operator=(const GarbageCollector&) = delete;

  // Start() once; Stop() ends the thread after the requests under way.
  void Start();
  void Stop();

  struct PassResult {
    std::size_t deleted = 0;  // replicas
    std::size_t pending = 0;  // blobs still to be dealt with, by anyone
    // When the earliest of them falls due; nothing to wait for: max.
    std::int64_t next_due_us = INT64_MAX;
  };
  // One walk over all that is pending, on the calling thread: for offline commands, while the
  // thread is not running. `hurry` ignores not_before: nobody is reading. `end` breaks it off.
  PassResult RunPass(bool hurry, const std::stop_token& end = {});

 private:
  struct DueBlob;
  struct DueKey;
  void Run();
  void Wake(std::int64_t not_before_us);
  void ProbeDownVolumes();
  bool StopRequested() const;
  bool IsDue(const format::PendingBlob& blob, std::int64_t now, bool hurry, std::int64_t* next_due);
  // When a place that was answered for the first time may be asked for the last; 0: any time.
  std::int64_t SettledAt(const format::PendingBlob::Place& place) const;
  bool PlaceIsDue(const format::PendingBlob::Place& place, std::int64_t now) const;
  void NoteNextLook(const format::PendingBlob::Place& place, std::int64_t now,
                    std::int64_t* next_due);
  KeyState ReadState(std::span<const DueBlob> of_one_key) const;
  std::size_t DeleteGroup(std::span<DueBlob> group);
  void AskVolumes(std::span<DueBlob> group);
  void Settle(std::span<DueKey> keys);
  static void NoteSettled(DueKey& key);
  // Divides the places that the entry has in `state`; how many these are.
  int Sort(KeyState& state, DueBlob& due) const;

  Store& store_;
  const std::uint64_t first_own_id_;  // pending blobs with lesser ids are from an earlier process
  std::set<std::string> awaited_hosts_;  // that are down, and keep something from being settled

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::int64_t wake_at_us_ = 0;  // at once: what an earlier process left
  std::thread thread_;
};

struct ForgetResult {
  std::size_t blobs = 0;  // pending blobs that no longer wait for the volume
  bool listed = false;    // it is still in the list: nothing was dropped
};

// Drops everything that is queued for a volume (`host:port`) that will never come back. Its files,
// should it return all the same, are foreign to the store from then on.
ForgetResult ForgetVolume(Store& store, std::string_view host);

}  // namespace mkv

#endif  // MKVCORE_STORE_GARBAGE_COLLECTOR_H_
