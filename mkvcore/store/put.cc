// How a value is written: intent, blob, sidecar, commit. See store.h.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/blob_write.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/put_plan.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/memory_source.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

namespace {

std::optional<Object> LiveObject(const KeyState& state) {
  return state.live() ? state.object() : std::nullopt;
}

}  // namespace

std::variant<Outcome, WritersUnderWay::Token> Store::BeginPut(std::string_view key) {
  WritersUnderWay::Token token = writers_.TryExclusive(key);
  if (!token) return Outcome::kBusy;
  const std::optional<Object> object = Find(key);
  if (object && !object->record.unlinked) return Outcome::kExists;
  return token;
}

Store::PutResult Store::PutNew(std::string_view key, const WritersUnderWay::Token& token,
                               Source& source, const std::function<void()>& before_read) {
  if (!token) return {Outcome::kBusy, std::nullopt};
  ReplaceRequest request;
  request.before_read = before_read;
  PutPlan plan(*this, key, /*replaces=*/false, std::move(request));
  return Put(plan, source);
}

Store::PutResult Store::Replace(std::string_view key, Source& source,
                                const ReplaceRequest& request) {
  const WritersUnderWay::Token token = writers_.Shared(key);
  PutPlan plan(*this, key, /*replaces=*/true, request);
  return Put(plan, source);
}

std::vector<std::string> Store::Candidates(std::vector<std::string> order) const {
  // Ranked before they are sorted: others change what is known of a volume at any time.
  const VolumeHealth& health = volumes_.health();
  std::vector<std::pair<int, std::string>> ranked;
  for (std::string& volume : order) {
    const int rank = health.AcceptsWrites(volume) ? 0 : health.IsDown(volume) ? 2 : 1;
    ranked.emplace_back(rank, std::move(volume));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<std::string> candidates;
  for (auto& [rank, volume] : ranked) candidates.push_back(std::move(volume));
  return candidates;
}

Store::PutResult Store::Put(PutPlan& plan, Source& source) {
  if (const Outcome noted = NoteIntent(plan); noted != Outcome::kDone) return {noted, std::nullopt};
  try {
    return FinishPut(plan, WriteBlob(plan, source));
  } catch (...) {
    AbandonPut(plan);
    throw;
  }
}

Store::PutResult Store::FinishPut(PutPlan& plan, const std::optional<ValueDigest>& digest) {
  if (digest) {
    if (!plan.described) Describe(plan, *digest);
    if (!plan.sidecar || WriteSidecar(plan)) return CommitPut(plan);
  }
  AbandonPut(plan);
  return {Outcome::kVolumesFailed, std::nullopt};
}

void Store::AbandonPut(PutPlan& plan) {
  if (plan.blob.Abandon()) TellGarbageListener(WallClockMicros());
}

Outcome Store::NoteIntent(PutPlan& plan) {
  while (true) {
    KeyState state = ReadToChange(plan.key);
    if (!plan.replace && state.live()) return Outcome::kExists;
    if (plan.replace && options_.protect && state.live() && !IsReservedKey(plan.key)) {
      return Outcome::kProtected;
    }
    if (plan.request.condition) {
      const Outcome wanted = plan.request.condition(LiveObject(state));
      if (wanted != Outcome::kDone) return wanted;
    }
    const Generation generation = state.PlainPathIsFree() ? kPlain
                                  : plan.request.rewrites
                                      ? state.NextAfterObject()
                                      : generations_.Next(state.GreatestGeneration());
    plan.blob.Announce(state, generation, /*original_spelling=*/false,
                       /*sidecar=*/plan.request.sidecar != nullptr, plan.FirstCandidates());
    if (!state.Commit(index_, Index::Durability::kOrdered)) continue;
    if (generation == kPlain) reads_.Overtake(plan.key);
    plan.state = std::move(state);
    return Outcome::kDone;
  }
}

ReplicaWriteRequest Store::BlobRequest(const PutPlan& plan) const {
  ReplicaWriteRequest request;
  const std::string path = plan.blob.path();
  for (const std::string& volume : plan.candidates) request.candidates.push_back({volume, path});
  request.wanted = plan.replicas;
  request.md5 = plan.replace ? plan.request.md5 : options_.md5sum;
  request.before_read = plan.request.before_read;
  request.meanwhile = plan.request.meanwhile;
  return request;
}

std::optional<ValueDigest> Store::WriteBlob(PutPlan& plan, Source& source) {
  const ReplicaWriteResult result = plan.blob.Write(volumes_, source, BlobRequest(plan));
  plan.Holds(result.attempts);
  return result.digest;
}

void Store::Describe(PutPlan& plan, const ValueDigest& digest) {
  plan.described = true;
  format::ObjectMetadata& metadata = plan.metadata;
  metadata.set_size(digest.size);
  metadata.set_mtime_us(WallClockMicros());
  metadata.set_generation(plan.blob.generation());
  metadata.set_crc32c(digest.crc32c);
  if (digest.md5) metadata.set_md5(std::string(digest.md5->begin(), digest.md5->end()));
  if (plan.request.describe) plan.request.describe(metadata);
  if (plan.request.sidecar) plan.sidecar = plan.request.sidecar(metadata);
  if (plan.sidecar) metadata.set_sidecar(true);
}

ReplicaWriteRequest Store::SidecarRequest(const PutPlan& plan,
                                          const std::vector<std::string>& volumes) {
  ReplicaWriteRequest request;
  const std::string path = SidecarPath(plan.key, plan.blob.generation());
  for (const std::string& volume : volumes) request.candidates.push_back({volume, path});
  request.wanted = volumes.size();
  request.md5 = false;
  request.meanwhile = plan.request.meanwhile;
  return request;
}

bool Store::WriteSidecar(PutPlan& plan) {
  MemorySource source(*plan.sidecar);
  return plan.blob.Write(volumes_, source, SidecarRequest(plan, plan.volumes)).digest.has_value();
}

Store::PutResult Store::CommitPut(PutPlan& plan) {
  const format::ObjectMetadata& metadata = plan.metadata;
  Record record;
  record.volumes = plan.volumes;
  if (options_.md5sum && metadata.md5().size() == 16) {
    std::array<unsigned char, 16> md5{};
    std::copy(metadata.md5().begin(), metadata.md5().end(), md5.begin());
    record.hash = fmt::format("{:02x}", fmt::join(md5, ""));
  }
  Object committed;
  committed.key = plan.key;
  committed.record = record;
  committed.metadata = metadata;
  committed.metadata->set_record(record.Encode());

  // Mostly nobody else has changed the key since the intent.
  for (bool first = true;; first = false) {
    KeyState state = first ? std::move(plan.state) : KeyState::Read(index_, plan.key);
    Outcome refused = Outcome::kDone;
    if (!plan.replace && state.live()) refused = Outcome::kExists;
    // Asked again: another write may have created the key since the intent.
    if (plan.replace && options_.protect && state.live() && !IsReservedKey(plan.key)) {
      refused = Outcome::kProtected;
    }
    if (refused == Outcome::kDone && plan.request.condition) {
      refused = plan.request.condition(LiveObject(state));
    }
    const bool superseded = state.object() && state.object()->generation() > plan.blob.generation();
    if (refused == Outcome::kDone && superseded) {
      if (plan.request.conditional) {
        refused = Outcome::kBusy;
      } else if (writers_.ReliedOnAt(plan.key) > plan.blob.generation()) {
        refused = Outcome::kOvertaken;
      }
    }

    std::optional<std::int64_t> garbage_from;
    if (refused != Outcome::kDone || superseded) {
      if (plan.blob.AbandonIn(state)) garbage_from = WallClockMicros();
    } else {
      // Before the commit: whoever sees this value then knows. A native PUT relies on there being
      // none.
      if (plan.request.conditional || plan.request.rewrites || !plan.replace) {
        writers_.ReliesOn(plan.key, plan.blob.generation());
      }
      if (plan.blob.Settle(state, plan.volumes)) garbage_from = WallClockMicros();
      if (state.object()) {
        const std::int64_t not_before =
            WallClockMicros() + std::chrono::microseconds(options_.garbage_delay).count();
        state.AddGarbage(*state.object(), state.object()->record.volumes, generations_.Next(),
                         not_before);
        garbage_from = garbage_from.value_or(not_before);
      }
      state.SetObject(record, metadata);
    }
    if (!state.Commit(index_, Decisive())) continue;

    if (garbage_from) TellGarbageListener(*garbage_from);
    if (refused != Outcome::kDone) return {refused, std::nullopt};
    return {Outcome::kDone, std::move(committed)};
  }
}

}  // namespace mkv
