#include "mkvcore/store/garbage_collector.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/garbage_deletion.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Blobs deleted together: enough to keep every volume busy, few enough that a volume that stopped
// answering holds up no more than these.
constexpr std::size_t kDeletedAtOnce = 64;
constexpr milliseconds kProbeInterval{1000};
// A pass reads everything pending, most of which may not be due: passes take at most a tenth of the
// time.
constexpr int kRestPerPass = 10;

// The record refers to this very file: the entry is stale, and the file must stay.
bool IsReferenced(const KeyState& state, const format::PendingBlob& blob,
                  const std::string& volume) {
  const std::optional<Object>& object = state.object();
  return object && object->RefersTo(blob.generation(), blob.original_spelling(), volume);
}

bool Parse(std::string_view bytes, std::string_view key, format::Pending* pending) {
  if (pending->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
  spdlog::error("garbage: the pending entry of \"{}\" can not be understood", key);
  return false;
}

// Where pending blobs are noted: the pending entry of a key, or one of its batches of garbage.
struct PendingEntry {
  std::string key;
  std::uint64_t batch = 0;  // 0: none
};

// Calls visit(entry, its value) for each of them, at one moment, as long as it returns true.
template <typename Visit>
void ForEachPendingEntry(const Index& index, const Visit& visit) {
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  for (entries->Seek(kPendingPrefix);
       entries->Valid() && entries->key().starts_with(kPendingPrefix); entries->Next()) {
    const PendingEntry entry{std::string(entries->key().substr(kPendingPrefix.size()))};
    if (!visit(entry, entries->value())) return;
  }
  for (entries->Seek(kGarbagePrefix);
       entries->Valid() && entries->key().starts_with(kGarbagePrefix); entries->Next()) {
    const std::optional<GarbageKeyParts> parts = ParseGarbageKey(entries->key());
    if (!parts) continue;
    if (!visit(PendingEntry{std::string(parts->key), parts->batch}, entries->value())) return;
  }
  entries->Check();
}

KeyState ReadEntry(const Index& index, const PendingEntry& entry) {
  KeyState state = KeyState::Read(index, entry.key);
  if (entry.batch != 0) state.ReadBatch(index, entry.batch);
  return state;
}

// Not merely the time: the clock may have been set back since the last process.
std::uint64_t GreatestId(const Index& index) {
  std::uint64_t greatest = 0;
  ForEachPendingEntry(index, [&greatest](const PendingEntry& entry, std::string_view value) {
    format::Pending pending;
    if (!Parse(value, entry.key, &pending)) return true;
    for (const format::PendingBlob& blob : pending.blobs()) {
      greatest = std::max<std::uint64_t>(greatest, blob.id());
    }
    return true;
  });
  return greatest;
}

// `blobs` are in the order of their keys.
template <typename Blob, typename Visit>
void ForEachKey(std::span<Blob> blobs, const Visit& visit) {
  while (!blobs.empty()) {
    const auto end = std::find_if(blobs.begin(), blobs.end(), [&blobs](const Blob& one) {
      return one.key != blobs.front().key;
    });
    const auto count = static_cast<std::size_t>(end - blobs.begin());
    visit(blobs.first(count));
    blobs = blobs.subspan(count);
  }
}

}  // namespace

struct GarbageCollector::DueBlob {
  std::string key;
  std::uint64_t batch = 0;  // where it is noted, as in PendingEntry
  format::PendingBlob blob;
  // Those of its places whose file the record refers to, but where a request of ours may land yet:
  // until then the entry keeps the plain path from being used (and deleted) as if it were settled.
  format::PendingBlob staying;
  // Volumes of its `staying`, when it is about sidecars alone, that have settled.
  std::vector<std::string> stale;
};

GarbageCollector::GarbageCollector(Store& store)
    : store_(store), first_own_id_(store.NextPendingId(GreatestId(store.index()))) {}

GarbageCollector::~GarbageCollector() { Stop(); }

void GarbageCollector::Start() {
  store_.SetGarbageListener([this](std::int64_t not_before_us) { Wake(not_before_us); });
  thread_ = std::thread([this] { Run(); });
}

void GarbageCollector::Stop() {
  store_.SetGarbageListener({});
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool GarbageCollector::StopRequested() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void GarbageCollector::Wake(std::int64_t not_before_us) {
  {
    const std::lock_guard lock(mutex_);
    if (wake_at_us_ <= not_before_us) return;
    wake_at_us_ = not_before_us;
  }
  wake_.notify_all();
}

void GarbageCollector::Run() {
  auto not_before = steady_clock::now();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] { return stop_ || wake_at_us_ <= WallClockMicros(); };
      if (!due()) wake_.wait_for(lock, kProbeInterval, due);
      if (stop_) return;
    }
    store_.volumes().DropIdleSessions();
    try {
      ProbeDownVolumes();
    } catch (const std::exception& error) {  // out of descriptors, for instance
      spdlog::error("volumes that are down can not be asked: {}", error.what());
    }
    {
      std::unique_lock lock(mutex_);
      if (wake_at_us_ > WallClockMicros()) continue;
      wake_.wait_until(lock, not_before, [this] { return stop_; });
      if (stop_) return;
      wake_at_us_ = INT64_MAX;
    }
    const auto began = steady_clock::now();
    try {
      const PassResult result = RunPass(/*hurry=*/false);
      if (result.deleted > 0) {
        spdlog::debug("garbage: {} files deleted, {} blobs pending", result.deleted,
                      result.pending);
      }
      Wake(result.next_due_us);
    } catch (const std::exception& error) {
      spdlog::error("garbage: {}", error.what());
      Wake(WallClockMicros() + microseconds(kProbeInterval).count());
    }
    const auto ended = steady_clock::now();
    not_before = ended + std::min<steady_clock::duration>(kRestPerPass * (ended - began),
                                                          std::chrono::minutes(1));
  }
}

void GarbageCollector::ProbeDownVolumes() {
  std::vector<BlobLocation> roots;
  for (const std::string& host : store_.volumes().health().Down()) roots.push_back({host, "/"});
  if (!roots.empty()) store_.volumes().Head(roots);
  // It may also have been somebody else's request that found the volume back.
  const auto is_back = [this](const std::string& host) {
    return !store_.volumes().health().IsDown(host);
  };
  if (std::erase_if(awaited_hosts_, is_back) > 0) Wake(WallClockMicros());
}

std::int64_t GarbageCollector::SettledAt(const format::PendingBlob::Place& place) const {
  if (!place.unanswered() || place.answered_at_us() == 0) return 0;
  return place.answered_at_us() + microseconds(store_.options().settle_delay).count();
}

bool GarbageCollector::PlaceIsDue(const format::PendingBlob::Place& place, std::int64_t now) const {
  return SettledAt(place) <= now && !store_.volumes().health().IsDown(place.volume());
}

void GarbageCollector::NoteNextLook(const format::PendingBlob::Place& place, std::int64_t now,
                                    std::int64_t* next_due) {
  if (SettledAt(place) > now) {
    *next_due = std::min(*next_due, SettledAt(place));
  } else if (store_.volumes().health().IsDown(place.volume())) {
    awaited_hosts_.emplace(VolumeHost(place.volume()));
  } else {
    *next_due = std::min(*next_due, now + microseconds(kProbeInterval).count());
  }
}

bool GarbageCollector::IsDue(const format::PendingBlob& blob, std::int64_t now, bool hurry,
                             std::int64_t* next_due) {
  if (store_.handled().Contains(blob.id())) {
    // Whoever handles it may have told us before letting go of it.
    *next_due = std::min(*next_due, now + microseconds(kProbeInterval).count());
    return false;
  }
  if (!hurry && blob.kind() == format::PendingBlob::GARBAGE && blob.not_before_us() > now) {
    *next_due = std::min(*next_due, blob.not_before_us());
    return false;
  }
  bool due = blob.places().empty();  // nothing left to do but to remove it
  for (const format::PendingBlob::Place& place : blob.places()) {
    if (PlaceIsDue(place, now)) {
      due = true;
    } else {
      NoteNextLook(place, now, next_due);
    }
  }
  return due;
}

GarbageCollector::PassResult GarbageCollector::RunPass(bool hurry, const std::stop_token& end) {
  PassResult result;
  awaited_hosts_.clear();
  std::vector<DueBlob> group;
  const auto delete_group = [&] {
    if (group.empty()) return;
    // For each group, although the entries are as old as the pass: a write that failed since then
    // may be in the log, and is seen only once the index was opened anew.
    store_.index().Sync();
    result.deleted += DeleteGroup(group);
    for (const DueBlob& one : group) {
      if (one.blob.places_size() == 0) --result.pending;
      for (const format::PendingBlob::Place& place : one.blob.places()) {
        NoteNextLook(place, WallClockMicros(), &result.next_due_us);
      }
    }
    group.clear();
  };

  ForEachPendingEntry(store_.index(), [&](const PendingEntry& entry, std::string_view value) {
    format::Pending pending;
    if (!Parse(value, entry.key, &pending)) return true;
    const std::int64_t now = WallClockMicros();
    for (const format::PendingBlob& blob : pending.blobs()) {
      ++result.pending;
      if (!IsDue(blob, now, hurry, &result.next_due_us)) continue;
      group.push_back({entry.key, entry.batch, blob, {}, {}});
    }
    if (group.size() >= kDeletedAtOnce) delete_group();
    return !StopRequested() && !end.stop_requested();
  });
  delete_group();
  return result;
}

// Pending blobs of one key, and its entries.
struct GarbageCollector::DueKey {
  std::span<DueBlob> blobs;
  KeyState state;
};

std::size_t GarbageCollector::DeleteGroup(std::span<DueBlob> group) {
  // A key may have some in its pending entry and some in batches.
  std::ranges::stable_sort(group, {}, &DueBlob::key);
  std::vector<DueKey> keys;
  int places = 0;
  ForEachKey(group, [&](std::span<DueBlob> blobs) {
    // As the entries are now, not as the iterator saw them. Whoever handled them has let go of
    // them, so from here on only ForgetVolume() changes them.
    keys.push_back({blobs, ReadState(blobs)});
    for (DueBlob& one : blobs) places += Sort(keys.back().state, one);
  });

  try {
    AskVolumes(group);
    Settle(keys);
  } catch (...) {
    for (const DueBlob& one : group) store_.handled().Doubt(one.blob.id());
    throw;
  }
  for (const DueBlob& one : group) places -= one.blob.places_size();
  return static_cast<std::size_t>(places);
}

void GarbageCollector::AskVolumes(std::span<DueBlob> group) {
  std::vector<DoomedBlob> doomed;
  std::vector<DoomedBlob> staying;
  for (DueBlob& one : group) {
    doomed.push_back({one.key, &one.blob});
    staying.push_back({one.key, &one.staying});
  }
  const auto is_due = [this, now = WallClockMicros()](const format::PendingBlob::Place& place) {
    return PlaceIsDue(place, now);
  };
  DeleteBlobs(store_.volumes(), doomed, store_.options().settle_delay, is_due);
  AwaitSettled(store_.volumes(), staying, store_.options().settle_delay, is_due);

  for (DueBlob& one : group) {
    for (format::PendingBlob::Place& place : *one.staying.mutable_places()) {
      std::erase(one.stale, place.volume());
      one.blob.add_places()->Swap(&place);
    }
  }
}

// With the batches that the blobs are noted in.
KeyState GarbageCollector::ReadState(std::span<const DueBlob> of_one_key) const {
  KeyState state = KeyState::Read(store_.index(), of_one_key.front().key);
  std::set<std::uint64_t> batches;
  for (const DueBlob& one : of_one_key) batches.insert(one.batch);
  for (const std::uint64_t batch : batches) {
    if (batch != 0) state.ReadBatch(store_.index(), batch);
  }
  return state;
}

// In one write to the index, unless somebody changed one of the keys meanwhile. All of a key at
// once: its pending entry is written whole each time.
void GarbageCollector::Settle(std::span<DueKey> keys) {
  std::vector<KeyState*> states;
  for (DueKey& key : keys) {
    NoteSettled(key);
    states.push_back(&key.state);
  }
  const auto durability = Index::Durability::kOrdered;
  if (!KeyState::CommitTogether(store_.index(), durability, states)) {
    for (DueKey& key : keys) {
      do {
        key.state = ReadState(key.blobs);
        NoteSettled(key);
      } while (!key.state.Commit(store_.index(), durability));
    }
  }
  for (const DueKey& key : keys) {
    for (const DueBlob& one : key.blobs) {
      if (!one.stale.empty()) store_.EndSidecarWrite(one.key, one.blob, one.stale);
      store_.handled().EndDoubt(one.blob.id());
    }
  }
}

void GarbageCollector::NoteSettled(DueKey& key) {
  for (const DueBlob& one : key.blobs) {
    if (one.stale.empty()) ReplacePending(key.state, one.blob);
  }
}

int GarbageCollector::Sort(KeyState& state, DueBlob& due) const {
  const format::PendingBlob* current = state.FindPending(due.blob.id());
  due.blob.clear_places();
  due.staying = due.blob;
  due.stale.clear();
  if (current == nullptr) return 0;
  // Nobody wrote down what became of the requests of an earlier process, or of an intent.
  const bool in_doubt = current->id() < first_own_id_ ||
                        current->kind() == format::PendingBlob::INTENT ||
                        store_.handled().IsInDoubt(current->id());
  due.blob.set_kind(format::PendingBlob::GARBAGE);
  for (format::PendingBlob::Place place : current->places()) {
    if (in_doubt) place.set_unanswered(true);
    if (!IsReferenced(state, due.blob, place.volume())) {
      *due.blob.add_places() = std::move(place);
    } else if (place.unanswered() || due.blob.only_sidecar()) {
      // A write of sidecars that came to no end may have left there what the index does not say.
      if (due.blob.only_sidecar()) due.stale.push_back(place.volume());
      *due.staying.add_places() = std::move(place);
    }
  }
  return current->places_size();
}

ForgetResult ForgetVolume(Store& store, std::string_view host) {
  ForgetResult result;
  const std::shared_ptr<const Placement> placement = store.placement();
  result.listed = Contains(placement->volumes(), host);
  if (result.listed) return result;
  Index& index = store.index();
  ForEachPendingEntry(index, [&](const PendingEntry& entry, std::string_view) {
    while (true) {
      KeyState state = ReadEntry(index, entry);
      std::size_t forgotten = 0;
      std::vector<std::uint64_t> done;
      for (format::PendingBlob* const blob : state.PendingBlobs()) {
        // A write under way needs its intent until it ends; it ends by itself.
        if (store.handled().Contains(blob->id())) continue;
        auto& places = *blob->mutable_places();
        const int before = places.size();
        places.erase(std::remove_if(places.begin(), places.end(),
                                    [host](const format::PendingBlob::Place& place) {
                                      return VolumeHost(place.volume()) == host;
                                    }),
                     places.end());
        if (places.size() != before) ++forgotten;
        if (places.empty()) done.push_back(blob->id());
      }
      if (forgotten == 0) return true;
      for (const std::uint64_t id : done) state.RemovePending(id);
      if (!state.Commit(index, Index::Durability::kOrdered)) continue;
      result.blobs += forgotten;
      return true;
    }
  });
  return result;
}

}  // namespace mkv
