// How the sidecars of a value that is there are written anew: because what they say changes
// (update_metadata.cc), or from what the index says of it, where they were lost.
#include <algorithm>
#include <chrono>
#include <iterator>

#include "mkvcore/store/garbage_deletion.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/sidecar_write.h"
#include "mkvcore/store/store.h"

namespace mkv {

namespace {

bool IsSame(const std::optional<Object>& now, const Object& before) {
  return now && now->metadata && now->record == before.record &&
         now->metadata->SerializeAsString() == before.metadata->SerializeAsString();
}

// After a volume refused a sidecar, or while something else is on its way there.
constexpr std::chrono::microseconds kRetryInterval = std::chrono::seconds(10);

}  // namespace

Outcome Store::WriteSidecars(SidecarWrite& write, const Object& object, const std::string& sidecar,
                             const format::ObjectMetadata* changed) {
  bool taken = false;
  try {
    // They are written over what is there. Undone by a power cut, their intent would leave them
    // newer than the index, and nobody who knew.
    index_.Sync();
    taken = write.Write(volumes_, sidecar);
  } catch (...) {
    if (write.Abandon()) TellGarbageListener(WallClockMicros());
    throw;
  }
  while (true) {
    KeyState state = KeyState::Read(index_, object.key);
    const bool same = IsSame(state.object(), object);
    // Those of a change that not every volume took say what the index will not.
    const bool garbage = write.Settle(state, changed != nullptr ? taken : same);
    const bool decides = taken && same && changed != nullptr;
    if (decides) state.SetObject(object.record, *changed);
    if (!state.Commit(index_, decides ? Decisive() : Index::Durability::kOrdered)) continue;
    if (garbage) TellGarbageListener(WallClockMicros());
    if (!taken) return Outcome::kVolumesFailed;
    return same ? Outcome::kDone : Outcome::kBusy;  // what was written may be older than the index
  }
}

Outcome Store::RestoreSidecars(std::string_view key, const std::vector<std::string>& volumes) {
  KeyState state = KeyState::Read(index_, key);
  if (!state.object() || !state.object()->has_sidecar()) return Outcome::kMissing;
  const Object object = *state.object();
  for (const std::string& volume : volumes) {
    if (!Contains(object.record.volumes, volume)) return Outcome::kBusy;
  }
  if (state.FindPendingAt(object.generation(), volumes)) return Outcome::kBusy;
  SidecarWrite write(index_, handled_, generations_.Next());
  write.Announce(state, volumes);
  if (!state.Commit(index_, Index::Durability::kOrdered)) return Outcome::kBusy;
  return WriteSidecars(write, object, SidecarFor(*object.metadata), nullptr);
}

void Store::EndSidecarWrite(std::string_view key, const format::PendingBlob& left,
                            const std::vector<std::string>& settled) {
  SidecarWrite write(index_, handled_, generations_.Next());
  std::vector<std::string> stale;
  while (true) {
    KeyState state = KeyState::Read(index_, key);
    if (state.FindPending(left.id()) == nullptr) return;
    ReplacePending(state, left);
    stale.clear();
    const std::optional<Object> object = state.object();
    if (object && object->has_sidecar() && object->generation() == left.generation()) {
      std::copy_if(settled.begin(), settled.end(), std::back_inserter(stale),
                   [&object](const std::string& volume) {
                     return Contains(object->record.volumes, volume);
                   });
    }
    if (const auto other =
            object ? state.FindPendingAt(object->generation(), stale) : std::nullopt) {
      // A copy that may yet land takes an old sidecar along: this one waits for it. Another write
      // of sidecars will end like this one.
      const format::PendingBlob* const pending = state.FindPending(*other);
      if (pending != nullptr && !pending->only_sidecar()) {
        return TellGarbageListener(WallClockMicros() + kRetryInterval.count());
      }
      stale.clear();
    }
    if (!stale.empty()) write.Announce(state, stale);
    if (!state.Commit(index_, Index::Durability::kOrdered)) continue;
    if (stale.empty()) return;
    if (WriteSidecars(write, *object, SidecarFor(*object->metadata), nullptr) ==
        Outcome::kVolumesFailed) {
      RetrySidecars(key, left.generation(), stale);
    }
    return;
  }
}

void Store::RetrySidecars(std::string_view key, Generation generation,
                          const std::vector<std::string>& volumes) {
  const std::int64_t not_before = WallClockMicros() + kRetryInterval.count();
  while (true) {
    KeyState state = KeyState::Read(index_, key);
    if (!state.object() || state.FindPendingAt(generation, volumes)) return;
    state.AddGarbage(*state.object(), volumes, generations_.Next(), not_before)
        .set_only_sidecar(true);
    if (state.Commit(index_, Index::Durability::kOrdered)) break;
  }
  TellGarbageListener(not_before);
}

}  // namespace mkv
