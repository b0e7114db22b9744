// How a value goes: natively at once (Delete), natively on probation (Unlink), or, for S3, with its
// blob left a while for the readers that are on their way to it (Remove).
#include <algorithm>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/delete_plan.h"
#include "mkvcore/store/garbage_deletion.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

Outcome Store::BeginDelete(std::string_view key, std::uint64_t id, Index::Durability durability,
                           DeletePlan& plan) {
  while (true) {
    plan.state = ReadToChange(key);
    if (!plan.state.object()) return Outcome::kMissing;
    if (options_.protect && plan.state.live()) return Outcome::kProtected;
    const Object& object = *plan.state.object();
    plan.garbage = plan.state.AddGarbage(object, object.record.volumes, id, /*not_before_us=*/0);
    plan.state.RemoveObject();
    if (plan.state.Commit(index_, durability)) return Outcome::kDone;
  }
}

std::function<bool(const format::PendingBlob::Place& place)> Store::NotKnownToBeDown() const {
  return [this](const format::PendingBlob::Place& place) {
    return !volumes_.health().IsDown(place.volume());
  };
}

void Store::EndDelete(DeletePlan& plan) {
  while (true) {
    ReplacePending(plan.state, plan.garbage);
    if (plan.state.Commit(index_, Index::Durability::kOrdered)) break;
    plan.state = KeyState::Read(index_, plan.state.key());
  }
  if (plan.garbage.places_size() > 0) TellGarbageListener(WallClockMicros());
}

Outcome Store::Delete(std::string_view key) {
  const WritersUnderWay::Token token = writers_.TryExclusive(key);
  if (!token) return Outcome::kBusy;
  const HandledBlobs::Handling handling(handled_, generations_.Next());
  DeletePlan plan;
  const Outcome begun = BeginDelete(key, handling.id(), Index::Durability::kSynced, plan);
  if (begun != Outcome::kDone) return begun;
  try {
    DeleteBlobs(volumes_, {{std::string(key), &plan.garbage}}, options_.settle_delay,
                NotKnownToBeDown());
    EndDelete(plan);
  } catch (...) {
    handled_.Doubt(handling.id());
    TellGarbageListener(WallClockMicros());  // the key is gone, and its files are not
    throw;
  }
  return Outcome::kDone;
}

Outcome Store::Unlink(std::string_view key) {
  const WritersUnderWay::Token token = writers_.TryExclusive(key);
  if (!token) return Outcome::kBusy;
  while (true) {
    KeyState state = ReadToChange(key);
    if (!state.live()) return Outcome::kMissing;
    Record record = state.object()->record;
    record.unlinked = true;
    state.SetRecord(record);
    if (state.Commit(index_, Decisive())) return Outcome::kDone;
  }
}

Outcome Store::Remove(std::string_view key,
                      const std::function<Outcome(const std::optional<Object>& current)>& condition,
                      const Batch& along) {
  const WritersUnderWay::Token token = writers_.Shared(key);
  while (true) {
    KeyState state = ReadToChange(key);
    if (condition) {
      const Outcome wanted = condition(state.live() ? state.object() : std::nullopt);
      if (wanted != Outcome::kDone) return wanted;
    }
    if (!state.live()) return Outcome::kMissing;
    if (options_.protect && !IsReservedKey(key)) return Outcome::kProtected;
    const std::int64_t not_before =
        WallClockMicros() + std::chrono::microseconds(options_.garbage_delay).count();
    state.AddGarbage(*state.object(), state.object()->record.volumes, generations_.Next(),
                     not_before);
    state.RemoveObject();
    if (!state.Commit(index_, Decisive(), along)) continue;
    TellGarbageListener(not_before);
    return Outcome::kDone;
  }
}

}  // namespace mkv
