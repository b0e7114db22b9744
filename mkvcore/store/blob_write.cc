#include "mkvcore/store/blob_write.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mkvcore/store/quoted_key.h"
#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

namespace {

// Knows whether the value was ever complete. Before that no volume can have stored it, nor can it
// later, for the end is sent last (replica_feed.h).
class WatchedSource : public Source {
 public:
  explicit WatchedSource(Source& source) : source_(source) {}

  bool was_complete() const { return complete_ || source_.held(); }

  std::optional<std::uint64_t> size() const override { return source_.size(); }
  std::optional<std::string_view> held() const override { return source_.held(); }
  Chunk Read(std::span<char> buffer) override {
    const Chunk chunk = source_.Read(buffer);
    complete_ |= chunk.state == State::kEnd;
    return chunk;
  }
  int poll_fd() const override { return source_.poll_fd(); }
  short poll_events() const override { return source_.poll_events(); }

 private:
  Source& source_;
  bool complete_ = false;
};

}  // namespace

std::string BlobWrite::path() const {
  return original_spelling_ ? OriginalBlobPath(key_) : BlobPath(key_, generation_);
}

void BlobWrite::Announce(KeyState& state, Generation generation, bool original_spelling,
                         bool sidecar, const std::vector<std::string>& volumes) {
  key_ = state.key();
  generation_ = generation;
  original_spelling_ = original_spelling;
  format::PendingBlob& intent = *state.MutablePending().add_blobs();
  intent.set_id(handling_.id());
  intent.set_kind(format::PendingBlob::INTENT);
  intent.set_generation(generation);
  intent.set_original_spelling(original_spelling);
  intent.set_sidecar(sidecar);
  for (const std::string& volume : volumes) intent.add_places()->set_volume(volume);
}

ReplicaWriteResult BlobWrite::Write(VolumeClient& volumes, Source& source,
                                    ReplicaWriteRequest request) {
  request.before_extra = [this](const BlobLocation& extra) { AddPlace(extra.volume); };
  WatchedSource watched(source);
  try {
    ReplicaWriteResult result = WriteReplicas(volumes, watched, request);
    Tried(result);
    if (!result.digest) LogFailure();
    return result;
  } catch (...) {
    if (watched.was_complete()) TriedInVain();
    throw;
  }
}

void BlobWrite::AddPlace(const std::string& volume) {
  while (true) {
    KeyState state = KeyState::Read(index_, key_);
    format::PendingBlob* intent = state.FindPending(handling_.id());
    if (intent == nullptr) throw std::logic_error("the intent of a blob under way is gone");
    intent->add_places()->set_volume(volume);
    if (state.Commit(index_, Index::Durability::kOrdered)) return;
  }
}

void BlobWrite::Tried(const ReplicaWriteResult& result) {
  attempts_.insert(attempts_.end(), result.attempts.begin(), result.attempts.end());
}

void BlobWrite::LogFailure() const {
  std::vector<std::string> volumes, failures;
  for (const ReplicaWriteResult::Attempt& attempt : attempts_) {
    // A volume takes neither blob nor sidecar for one reason.
    if (attempt.answer.ok() || Contains(volumes, attempt.blob.volume)) continue;
    volumes.push_back(attempt.blob.volume);
    failures.push_back(attempt.blob.volume + ": " + ProblemOf(attempt.answer));
  }
  spdlog::warn("too few volumes took {}: {}", QuotedKey(key_), fmt::join(failures, "; "));
}

bool BlobWrite::Settle(KeyState& state, const std::vector<std::string>& volumes) const {
  format::PendingBlob* intent = state.FindPending(handling_.id());
  if (intent == nullptr) throw std::logic_error("the intent of a blob under way is gone");

  google::protobuf::RepeatedPtrField<format::PendingBlob::Place> left;
  for (const format::PendingBlob::Place& place : intent->places()) {
    bool sent = outcome_unknown_;
    bool unanswered = outcome_unknown_;
    for (const ReplicaWriteResult::Attempt& attempt : attempts_) {
      if (attempt.blob.volume != place.volume()) continue;
      sent |= attempt.answer.delivery != VolumeAnswer::Delivery::kNeverSent;
      unanswered |= attempt.answer.delivery == VolumeAnswer::Delivery::kUnanswered ||
                    attempt.answer.may_land_again;
    }
    // What lands again there is the value, but only for as long as the key has it.
    const bool done = Contains(volumes, place.volume()) ? !unanswered : !sent;
    if (done) continue;
    format::PendingBlob::Place& kept = *left.Add();
    kept.set_volume(place.volume());
    kept.set_unanswered(unanswered);
  }
  if (left.empty()) {
    state.RemovePending(handling_.id());
    return false;
  }
  intent->set_kind(format::PendingBlob::GARBAGE);
  intent->mutable_places()->Swap(&left);
  return true;
}

bool BlobWrite::AbandonIn(KeyState& state) const { return Settle(state, {}); }

bool BlobWrite::Abandon() noexcept {
  try {
    while (true) {
      KeyState state = KeyState::Read(index_, key_);
      const bool garbage = AbandonIn(state);
      if (state.Commit(index_, Index::Durability::kOrdered)) return garbage;
    }
  } catch (const std::exception& error) {
    spdlog::error("index: an abandoned write is left for the garbage collector: {}", error.what());
    return true;
  }
}

}  // namespace mkv
