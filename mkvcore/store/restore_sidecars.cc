// How the sidecars of a value that is there are written anew: because what they say changes
// (update_metadata.cc), or from what the index says of it, where they were lost.
#include <algorithm>

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

}  // namespace

Outcome Store::WriteSidecars(SidecarWrite& write, const Object& object, const std::string& sidecar,
                             const format::ObjectMetadata* changed) {
  bool taken = false;
  try {
    taken = write.Write(volumes_, sidecar);
  } catch (...) {
    if (write.Abandon()) TellGarbageListener(WallClockMicros());
    throw;
  }
  while (true) {
    KeyState state = KeyState::Read(index_, object.key);
    const bool same = IsSame(state.object(), object);
    const bool garbage = write.Settle(state);
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
  const std::vector<std::string>& holders = object.record.volumes;
  for (const std::string& volume : volumes) {
    if (std::find(holders.begin(), holders.end(), volume) == holders.end()) return Outcome::kBusy;
  }
  if (state.FindPendingAt(object.generation(), volumes)) return Outcome::kBusy;
  SidecarWrite write(index_, handled_, generations_.Next());
  write.Announce(state, volumes);
  if (!state.Commit(index_, Index::Durability::kOrdered)) return Outcome::kBusy;
  return WriteSidecars(write, object, SidecarFor(*object.metadata), nullptr);
}

}  // namespace mkv
