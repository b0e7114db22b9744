// Changes what is known of a value without moving its bytes: the sidecars first, then the index.
#include <algorithm>

#include "mkvcore/store/key_state.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/memory_source.h"

namespace mkv {

Store::PutResult Store::UpdateMetadata(std::string_view key, const ReplaceRequest& request) {
  const WritersUnderWay::Token token = writers_.Shared(key);
  while (true) {
    KeyState state = KeyState::Read(index_, key);
    if (request.condition) {
      const Outcome wanted = request.condition(state.live() ? state.object() : std::nullopt);
      if (wanted != Outcome::kDone) return {wanted, std::nullopt};
    }
    if (!state.live()) return {Outcome::kMissing, std::nullopt};
    if (options_.protect && !request.annotates) return {Outcome::kProtected, std::nullopt};
    Object object = *state.object();
    // Without metadata of our own there is none to change; the caller writes the value anew.
    if (!object.metadata) return {Outcome::kImpossible, std::nullopt};

    format::ObjectMetadata changed = *object.metadata;
    // Grows with every change, whatever the clock does: of two sidecars the later one counts.
    const std::int64_t now =
        std::max({WallClockMicros(), changed.mtime_us() + 1, changed.annotated_us() + 1});
    if (request.annotates) {
      changed.set_annotated_us(now);
    } else {
      changed.set_mtime_us(now);
    }
    if (request.describe) request.describe(changed);
    const std::optional<std::string> sidecar =
        request.sidecar ? request.sidecar(changed) : std::nullopt;
    if (sidecar && !object.has_sidecar()) {
      // The index says that there is a sidecar before there is one: whoever deletes the blob now
      // deletes both.
      format::ObjectMetadata announced = *object.metadata;
      announced.set_sidecar(true);
      state.SetObject(object.record, announced);
      if (!state.Commit(index_, Index::Durability::kOrdered)) continue;
      state = KeyState::Read(index_, key);
      if (!state.object() || state.object()->generation() != object.generation()) continue;
      object = *state.object();
    }
    if (sidecar) {
      changed.set_sidecar(true);
      ReplicaWriteRequest write;
      const std::string path = SidecarPath(key, object.generation());
      for (const std::string& volume : object.record.volumes) {
        write.candidates.push_back({volume, path});
      }
      write.wanted = write.candidates.size();
      write.md5 = false;
      write.meanwhile = request.meanwhile;
      MemorySource source(*sidecar);
      if (!WriteReplicas(volumes_, source, write).digest) {
        return {Outcome::kVolumesFailed, std::nullopt};
      }
    }
    state.SetObject(object.record, changed);
    if (!state.Commit(index_, Decisive())) continue;
    changed.set_record(object.record.Encode());
    object.metadata = std::move(changed);
    return {Outcome::kDone, std::move(object)};
  }
}

}  // namespace mkv
