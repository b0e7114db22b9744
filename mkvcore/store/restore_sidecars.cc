// Writes the sidecars of a value anew, from what the index says of it. Announced like any other
// write (blob_write.h): if the value goes meanwhile, so does what was written too late.
#include <algorithm>

#include "mkvcore/store/blob_write.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/memory_source.h"

namespace mkv {

Outcome Store::RestoreSidecars(std::string_view key, const std::vector<std::string>& volumes) {
  BlobWrite write(index_, handled_, generations_.Next());
  KeyState state = KeyState::Read(index_, key);
  if (!state.object() || !state.object()->has_sidecar()) return Outcome::kMissing;
  const Object object = *state.object();
  const std::vector<std::string>& holders = object.record.volumes;
  ReplicaWriteRequest request;
  request.md5 = false;
  for (const std::string& volume : volumes) {
    if (std::find(holders.begin(), holders.end(), volume) == holders.end()) return Outcome::kBusy;
    if (state.IsPending(object.generation(), volume)) return Outcome::kBusy;
    request.candidates.push_back({volume, SidecarPath(key, object.generation())});
  }
  request.wanted = volumes.size();
  write.Announce(state, object.generation(), /*original_spelling=*/false, /*sidecar=*/true,
                 volumes);
  if (!state.Commit(index_, Index::Durability::kOrdered)) return Outcome::kBusy;

  bool written = false;
  try {
    MemorySource source(SidecarFor(*object.metadata));
    written = write.Write(volumes_, source, request).digest.has_value();
  } catch (...) {
    if (write.Abandon()) TellGarbageListener(WallClockMicros());
    throw;
  }
  while (true) {
    state = KeyState::Read(index_, key);
    const bool there =
        state.object() && state.object()->generation() == object.generation() && written;
    const bool garbage = there ? write.Settle(state, volumes) : write.AbandonIn(state);
    const bool same =
        there && state.object()->metadata &&
        state.object()->metadata->SerializeAsString() == object.metadata->SerializeAsString();
    if (!state.Commit(index_, Index::Durability::kOrdered)) continue;
    if (garbage) TellGarbageListener(WallClockMicros());
    if (!written) return Outcome::kVolumesFailed;
    return same ? Outcome::kDone : Outcome::kBusy;  // what was written may be older than the index
  }
}

}  // namespace mkv
