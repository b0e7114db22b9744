// Changes what is known of a value without moving its bytes: the sidecars first, then the index.
#include <algorithm>
#include <utility>

#include "mkvcore/store/key_state.h"
#include "mkvcore/store/sidecar_write.h"
#include "mkvcore/store/store.h"

namespace mkv {

namespace {

void DescribeChange(const Store::ReplaceRequest& request, format::ObjectMetadata& metadata) {
  // Grows with every change, whatever the clock does: of two sidecars the later one counts.
  const std::int64_t now =
      std::max({WallClockMicros(), metadata.mtime_us() + 1, metadata.annotated_us() + 1});
  if (request.annotates) {
    metadata.set_annotated_us(now);
  } else {
    metadata.set_mtime_us(now);
  }
  if (request.describe) request.describe(metadata);
}

Store::PutResult Done(Object object, format::ObjectMetadata changed) {
  changed.set_record(object.record.Encode());
  object.metadata = std::move(changed);
  return {Outcome::kDone, std::move(object)};
}

}  // namespace

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
    DescribeChange(request, changed);
    const std::optional<std::string> sidecar =
        request.sidecar ? request.sidecar(changed) : std::nullopt;
    if (!sidecar) {
      state.SetObject(object.record, changed);
      if (!state.Commit(index_, Decisive())) continue;
      return Done(std::move(object), std::move(changed));
    }
    changed.set_sidecar(true);

    if (const auto other = state.FindPendingAt(object.generation(), object.record.volumes)) {
      handled_.AwaitEnd(*other);
      // Left over: a request that was never answered may land there yet, on top of ours.
      state = KeyState::Read(index_, key);
      const bool still_there =
          state.object() && state.object()->generation() == object.generation();
      if (still_there && state.FindPending(*other) != nullptr) {
        return {Outcome::kImpossible, std::nullopt};
      }
      continue;
    }
    SidecarWrite write(index_, handled_, generations_.Next());
    write.Announce(state, object.record.volumes);
    // The index says that there is a sidecar before there is one: whoever deletes the blob now
    // deletes both.
    object.metadata->set_sidecar(true);
    state.SetObject(object.record, *object.metadata);
    if (!state.Commit(index_, Index::Durability::kOrdered)) continue;
    const Outcome written = WriteSidecars(write, object, *sidecar, &changed);
    if (written == Outcome::kBusy) continue;
    if (written != Outcome::kDone) return {written, std::nullopt};
    return Done(std::move(object), std::move(changed));
  }
}

}  // namespace mkv
