// Brings one key to the volumes where it belongs: copies what is missing, switches the record, and
// leaves what is too much to the garbage collector. Copies are complete before anything goes.
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <map>

#include "mkvcore/format/sidecar.h"
#include "mkvcore/store/blob_write.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/move_plan.h"
#include "mkvcore/store/quoted_key.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/blob_source.h"
#include "mkvcore/volumes/memory_source.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

namespace {

// A replica that was read whole, and is not the value.
class DamagedReplica : public SourceError {
 public:
  DamagedReplica() : SourceError("it is damaged") {}
};

// A replica that must be the value: another one has no end, so that no volume stores the copy.
class VerifiedSource : public Source {
 public:
  VerifiedSource(Source& replica, const Object& object) : replica_(replica), check_(object) {}

  std::optional<std::uint64_t> size() const override { return replica_.size(); }
  Chunk Read(std::span<char> buffer) override {
    const Chunk chunk = replica_.Read(buffer);
    if (chunk.state == State::kData) check_.Update({buffer.data(), chunk.bytes});
    if (chunk.state == State::kEnd && !check_.Holds()) throw DamagedReplica();
    return chunk;
  }
  int poll_fd() const override { return replica_.poll_fd(); }
  short poll_events() const override { return replica_.poll_events(); }

 private:
  Source& replica_;
  ValueCheck check_;
};

// Who changed what the sidecar says wrote it to the volumes of the record, and not to those where a
// copy of the older one was put.
bool SidecarIsAnother(const Object& now, const Object& before) {
  return now.has_sidecar() &&
         now.metadata->SerializeAsString() != before.metadata->SerializeAsString();
}

std::string ReadWhole(VolumeClient& volumes, const BlobLocation& replica, const Object& object) {
  std::string value;
  const VolumeAnswer answer = volumes.GetWhole(replica, kMaxHeldReplica, &value);
  if (!answer.ok()) {
    throw SourceError(answer.error.empty() ? "status " + std::to_string(answer.status)
                                           : answer.error);
  }
  ValueCheck check(object);
  check.Update(value);
  if (!check.Holds()) throw DamagedReplica();
  return value;
}

}  // namespace

Outcome Store::Rebalance(std::string_view key) {
  const WritersUnderWay::Token token = writers_.TryExclusive(key);
  if (!token) return Outcome::kBusy;
  const std::optional<Object> object = Find(key);
  if (!object || object->record.unlinked) return Outcome::kMissing;
  return RebalanceQuietly(key).outcome;
}

Store::MoveResult Store::RebalanceQuietly(std::string_view key,
                                          const std::vector<std::string>& distrusted) {
  MovePlan plan(*this);
  const Outcome planned = PlanMove(key, distrusted, plan);
  if (planned != Outcome::kDone) return {planned, false};
  if (plan.in_place()) return {Outcome::kDone, false, plan.away};
  if (plan.missing.empty()) return {CommitMove(plan), true, plan.away};

  bool copied = false;
  try {
    copied = CopyReplicas(plan);
  } catch (...) {
    if (plan.copy.Abandon()) TellGarbageListener(WallClockMicros());
    throw;
  }
  if (copied) return RepairDamaged(key, distrusted, plan, CommitMove(plan));
  if (plan.copy.Abandon()) TellGarbageListener(WallClockMicros());
  // The next attempt knows that a volume fails, and asks who takes its place.
  return {plan.unasked ? Outcome::kBusy : Outcome::kImpossible, false};
}

// A key that has moved leaves no replica behind that is known to be damaged.
Store::MoveResult Store::RepairDamaged(std::string_view key, std::vector<std::string> distrusted,
                                       const MovePlan& plan, Outcome moved) {
  const std::size_t before = distrusted.size();
  for (const std::string& volume : plan.damaged) {
    if (Contains(plan.targets, volume)) distrusted.push_back(volume);
  }
  // It ends: each turn distrusts more, and no more volumes than hold the key.
  if (moved != Outcome::kDone || distrusted.size() == before) return {moved, true, plan.away};
  return {RebalanceQuietly(key, distrusted).outcome, true, plan.away};
}

Outcome Store::PlanMove(std::string_view key, const std::vector<std::string>& distrusted,
                        MovePlan& plan) {
  KeyState state = KeyState::Read(index_, key);
  // An unlinked key moves too: its volumes may be about to go, and it can still be looked at.
  if (!state.object()) return Outcome::kMissing;
  plan.object = *state.object();
  if (!distrusted.empty() || !ChooseUnasked(plan)) {
    AskVolumes(plan, plan.VolumesToAsk());
    if (!ChooseAsAnswered(distrusted, plan)) return Outcome::kImpossible;
  }
  const Outcome announced = AnnounceCopies(state, plan);
  if (announced != Outcome::kDone || plan.missing.empty()) return announced;
  return state.Commit(index_, Index::Durability::kOrdered) ? Outcome::kDone : Outcome::kBusy;
}

Outcome Store::AnnounceCopies(KeyState& state, MovePlan& plan) {
  for (const std::string& volume : plan.targets) {
    if (!Contains(plan.holders, volume)) plan.missing.push_back(volume);
  }
  if (plan.missing.empty()) return Outcome::kDone;

  // What is still to be deleted there could take the new copy with it.
  for (const std::string& volume : plan.missing) {
    if (state.IsPending(plan.object.generation(), volume)) return Outcome::kBusy;
  }
  plan.copy.Announce(state, plan.object.generation(), plan.object.original_spelling(),
                     plan.object.has_sidecar(), plan.missing);
  return Outcome::kDone;
}

// A small value that goes to other volumes altogether, and all that it concerns have been
// answering: copying it finds out all that a HEAD of each would, which are two of five requests.
// Not where a volume stays: whether it still has its replica must be known before the others go.
bool Store::ChooseUnasked(MovePlan& plan) const {
  const std::optional<format::ObjectMetadata>& metadata = plan.object.metadata;
  if (!metadata || !metadata->has_crc32c() || metadata->size() > kMaxHeldReplica) return false;
  const std::vector<std::string>& present = plan.object.record.volumes;
  std::vector<std::string> chosen = plan.placement->Choose(plan.object.key);
  const VolumeHealth& health = volumes_.health();
  const bool others = std::all_of(chosen.begin(), chosen.end(), [&](const std::string& volume) {
    return !Contains(present, volume) && health.AnsweringSince(volume) &&
           health.AcceptsWrites(volume);
  });
  const bool answering = std::all_of(present.begin(), present.end(), [&health](const auto& volume) {
    return health.AnsweringSince(volume);
  });
  if (!others || !answering) return false;
  plan.unasked = true;
  plan.targets = std::move(chosen);
  plan.holders = present;
  plan.size = metadata->size();
  return true;
}

void Store::AskVolumes(MovePlan& plan, const std::vector<std::string>& volumes) {
  std::vector<BlobLocation> locations;
  const std::string path = plan.object.Path();
  for (const std::string& volume : volumes) {
    if (!plan.answers.contains(volume)) locations.push_back({volume, path});
  }
  const std::vector<VolumeAnswer> heard = volumes_.Head(locations);
  for (std::size_t i = 0; i < heard.size(); ++i) plan.answers[locations[i].volume] = heard[i];
}

bool Store::ChooseAsAnswered(const std::vector<std::string>& distrusted, MovePlan& plan) {
  const std::string& key = plan.object.key;
  const std::size_t replicas = plan.placement->replicas();
  // A volume that does not answer is passed over: the next one in order takes its place.
  for (const std::string& volume : plan.placement->Order(key)) {
    if (plan.targets.size() == replicas) break;
    AskVolumes(plan, {volume});
    const VolumeAnswer& answer = plan.answers[volume];
    if (answer.ok() || answer.missing()) plan.targets.push_back(volume);
  }
  plan.away = plan.targets != plan.placement->Choose(key);
  // Only the record's volumes: a file on another one is not ours to trust.
  for (const std::string& volume : plan.object.record.volumes) {
    const VolumeAnswer& answer = plan.answers[volume];
    if (!answer.ok() || Contains(distrusted, volume)) continue;
    if (plan.object.metadata && answer.content_length != plan.object.metadata->size()) continue;
    plan.holders.push_back(volume);
  }
  if (plan.holders.empty()) {
    spdlog::warn("no whole replica of \"{}\" can be read: there is nothing to copy it from", key);
    return false;
  }
  const auto differs = [&](const std::string& volume) {
    return plan.answers[volume].content_length != plan.answers[plan.holders.front()].content_length;
  };
  if (std::any_of(plan.holders.begin(), plan.holders.end(), differs)) {
    // Without metadata nothing says which is the value; moving could delete the only whole one.
    spdlog::warn("rebalance: the replicas of \"{}\" differ in size", key);
    return false;
  }
  if (plan.targets.size() < replicas) {
    spdlog::warn("rebalance: \"{}\" needs {} volumes, {} answer", key, replicas,
                 plan.targets.size());
    return false;
  }
  plan.size = plan.answers[plan.holders.front()].content_length.value_or(kMaxHeldReplica + 1);
  return true;
}

bool Store::CopyReplicas(MovePlan& plan) {
  for (const BlobLocation& from : plan.Holders(plan.object.Path())) {
    ReplicaWriteRequest request;
    request.candidates = plan.Missing(from.path);
    request.wanted = request.candidates.size();
    request.md5 = false;
    try {
      if (plan.size <= kMaxHeldReplica) {
        MemorySource source(ReadWhole(volumes_, from, plan.object));
        if (!plan.copy.Write(volumes_, source, request).digest) return false;
      } else {
        BlobSource replica(volumes_, from);
        VerifiedSource source(replica, plan.object);
        request.meanwhile = [this] {
          if (broken_off_) throw BrokenOff();
        };
        if (!plan.copy.Write(volumes_, source, request).digest) return false;
      }
    } catch (const SourceError& error) {
      spdlog::warn("rebalance: {} can not be copied: {}", volumes_.UrlOf(from), error.what());
      if (dynamic_cast<const DamagedReplica*>(&error) != nullptr) {
        plan.damaged.push_back(from.volume);
      }
      continue;
    }
    if (!plan.object.has_sidecar()) return true;

    const std::string path = SidecarPath(plan.object.key, plan.object.generation());
    request.candidates = plan.Missing(path);
    request.meanwhile = {};
    MemorySource source(SidecarToCopy(plan.Holders(path), *plan.object.metadata));
    return plan.copy.Write(volumes_, source, request).digest.has_value();
  }
  spdlog::warn("rebalance: no replica of {} could be copied", QuotedKey(plan.object.key));
  return false;
}

// Any that is there, for it may be newer than an index that was restored from a backup. Where all
// are lost the index has what they said.
std::string Store::SidecarToCopy(const std::vector<BlobLocation>& sidecars,
                                 const format::ObjectMetadata& metadata) {
  std::string sidecar;
  for (const BlobLocation& place : sidecars) {
    if (volumes_.GetWhole(place, kMaxSidecarBytes, &sidecar).ok()) return sidecar;
  }
  return SidecarFor(metadata);
}

Outcome Store::CommitMove(MovePlan& plan) try {
  while (true) {
    KeyState state = ReadToChange(plan.object.key);
    const bool changed = !state.object() || state.object()->record != plan.object.record ||
                         state.object()->generation() != plan.object.generation() ||
                         SidecarIsAnother(*state.object(), plan.object);
    std::optional<std::int64_t> garbage_from;
    if (!changed) {
      garbage_from = SettleMove(state, plan);
    } else if (!plan.missing.empty() && plan.copy.AbandonIn(state)) {
      garbage_from = WallClockMicros();
    }
    if (!state.Commit(index_, Decisive())) continue;
    if (garbage_from) TellGarbageListener(*garbage_from);
    return changed ? Outcome::kBusy : Outcome::kDone;
  }
} catch (...) {
  // The intent is left, and perhaps the write is in the log after all.
  TellGarbageListener(WallClockMicros());
  throw;
}

std::optional<std::int64_t> Store::SettleMove(KeyState& state, const MovePlan& plan) {
  std::optional<std::int64_t> garbage_from;
  if (!plan.missing.empty() && plan.copy.Settle(state, plan.missing)) {
    garbage_from = WallClockMicros();
  }
  std::vector<std::string> excess;
  for (const std::string& volume : plan.object.record.volumes) {
    if (!Contains(plan.targets, volume)) excess.push_back(volume);
  }
  if (!excess.empty()) {
    const std::int64_t not_before =
        WallClockMicros() + std::chrono::microseconds(options_.garbage_delay).count();
    state.AddGarbage(plan.object, excess, generations_.Next(), not_before);
    garbage_from = garbage_from.value_or(not_before);
  }
  Record record = plan.object.record;
  record.volumes = plan.targets;
  state.SetRecord(record);
  return garbage_from;
}

}  // namespace mkv
