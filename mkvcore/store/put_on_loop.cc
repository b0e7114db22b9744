// A PUT of a small value on an event loop: the steps of put.cc, with the volumes asked from the
// loop.
//
// A thread for each small PUT costs more than the PUT: two hand-overs, and a wait for the slowest
// of three volumes. Here it costs the requests and two writes to the index, which do not wait for a
// disk. When a volume fails, a worker goes on from there.
#include <algorithm>
#include <optional>
#include <utility>

#include "mkvcore/store/put_plan.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/loop_replica_write.h"
#include "mkvcore/volumes/memory_source.h"

namespace mkv {

class Store::LoopPut : public std::enable_shared_from_this<LoopPut> {
 public:
  LoopPut(Store& store, LoopVolumeClient& volumes, std::string_view key, bool replaces,
          ReplaceRequest request, WritersUnderWay::Token token,
          std::shared_ptr<const std::string> value, LoopPutDone done)
      : store_(store),
        volumes_(volumes),
        plan_(store, key, replaces, std::move(request)),
        token_(std::move(token)),
        value_(std::move(value)),
        done_(std::move(done)) {}

  ~LoopPut() {
    if (!announced_) return;
    // The loop has ended under it, or no worker took it over.
    if (writes_under_way_ > 0) plan_.blob.TriedInVain();
    store_.AbandonPut(plan_);
  }
  LoopPut(const LoopPut&) = delete;
  LoopPut& operator=(const LoopPut&) = delete;

  void Begin() {
    Step([this] {
      const Outcome noted = store_.NoteIntent(plan_);
      if (noted != Outcome::kDone) return End({{noted, std::nullopt}, nullptr, nullptr});
      announced_ = true;
      const ReplicaWriteRequest request = store_.BlobRequest(plan_);
      // What a sidecar says of the value is known already, so both go out together.
      std::optional<ValueDigest> digest;
      if (plan_.request.sidecar) {
        digest = DigestOf(*value_, request.md5);
        Describe(plan_, *digest);
      }
      Write(value_, request, &LoopPut::blob_, digest);
      if (!plan_.sidecar) return;
      Write(std::make_shared<const std::string>(*plan_.sidecar),
            SidecarRequest(plan_, plan_.FirstCandidates()), &LoopPut::sidecar_);
    });
  }

 private:
  using Result = std::optional<ReplicaWriteResult>;

  // Does a step; what it throws ends the PUT.
  void Step(const std::function<void()>& step) {
    try {
      step();
    } catch (...) {
      if (!done_) throw;                                    // it was done_ that threw
      if (writes_under_way_ > 0) plan_.blob.TriedInVain();  // perhaps some requests went out
      if (announced_) store_.AbandonPut(plan_);
      End({{}, std::current_exception(), nullptr});
    }
  }

  void Write(const std::shared_ptr<const std::string>& bytes, const ReplicaWriteRequest& request,
             Result LoopPut::*result, const std::optional<ValueDigest>& digest = std::nullopt) {
    ++writes_under_way_;
    WriteReplicasOnLoop(
        volumes_, bytes, request,
        [self = shared_from_this(), result](ReplicaWriteResult written) {
          --self->writes_under_way_;
          if (!self->done_) return;  // one of several requests could not be made
          self->plan_.blob.Tried(written);
          self.get()->*result = std::move(written);
          if (self->writes_under_way_ > 0) return;
          self->Step([&self] { self->AllWritten(); });
        },
        digest);
  }

  void AllWritten() {
    plan_.Holds(blob_->attempts);
    if (sidecar_ && !SidecarsAreWithTheBlob()) {
      // The blob's volumes are the only place for its sidecar, and what a volume did not answer may
      // land there at any later time.
      plan_.blob.LogFailure();
      store_.AbandonPut(plan_);
      return End({{Outcome::kVolumesFailed, std::nullopt}, nullptr, nullptr});
    }
    if (!blob_->digest) return LeaveToWorker(&LoopPut::WriteRest);
    if (!plan_.described) Describe(plan_, *blob_->digest);
    End({store_.CommitPut(plan_), nullptr, nullptr});
  }

  // On every volume that has the blob.
  bool SidecarsAreWithTheBlob() const {
    return std::all_of(sidecar_->attempts.begin(), sidecar_->attempts.end(),
                       [this](const ReplicaWriteResult::Attempt& attempt) {
                         return attempt.answer.ok() ||
                                !Contains(plan_.volumes, attempt.blob.volume);
                       });
  }

  void End(LoopPutEnd end) {
    announced_ = false;
    // Before the answer: who reads it may change the key at once.
    token_.Release();
    std::exchange(done_, nullptr)(std::move(end));
  }

  void LeaveToWorker(PutResult (LoopPut::*rest)()) {
    LoopPutEnd end;
    end.on_worker = [self = shared_from_this(), rest] { return (self.get()->*rest)(); };
    std::exchange(done_, nullptr)(std::move(end));
  }

  // On a worker: the replicas that are missing go to the next volumes in order.
  PutResult WriteRest() {
    const WritersUnderWay::Token held = std::move(token_);
    announced_ = false;  // what follows settles it, whatever happens
    try {
      ReplicaWriteRequest request = store_.BlobRequest(plan_);
      const std::size_t missing = plan_.replicas - plan_.volumes.size();
      request.candidates.erase(
          request.candidates.begin(),
          request.candidates.begin() + static_cast<std::ptrdiff_t>(plan_.replicas));
      request.wanted = missing;
      std::optional<ValueDigest> digest;
      if (request.candidates.size() >= missing) {
        for (std::size_t i = 0; i < missing; ++i) {
          plan_.blob.AddPlace(request.candidates[i].volume);
        }
        MemorySource source(*value_);
        const ReplicaWriteResult result =
            plan_.blob.Write(store_.volumes_, source, std::move(request));
        plan_.Holds(result.attempts);
        digest = result.digest;
      } else {
        plan_.blob.LogFailure();
      }
      return store_.FinishPut(plan_, digest);
    } catch (...) {
      store_.AbandonPut(plan_);
      throw;
    }
  }

  Store& store_;
  LoopVolumeClient& volumes_;
  PutPlan plan_;
  WritersUnderWay::Token token_;
  const std::shared_ptr<const std::string> value_;
  LoopPutDone done_;
  bool announced_ = false;  // there is an intent to be settled
  int writes_under_way_ = 0;
  Result blob_;
  Result sidecar_;
};

bool Store::MayPutOnLoop(const LoopVolumeClient& volumes,
                         std::optional<std::uint64_t> length) const {
  return length && *length <= kMaxLoopValue && !options_.sync && MayChangeOnLoop(volumes);
}

void Store::PutNewOnLoop(LoopVolumeClient& volumes, std::string_view key,
                         WritersUnderWay::Token token, std::shared_ptr<const std::string> value,
                         LoopPutDone done) {
  std::make_shared<LoopPut>(*this, volumes, key, /*replaces=*/false, ReplaceRequest(),
                            std::move(token), std::move(value), std::move(done))
      ->Begin();
}

void Store::ReplaceOnLoop(LoopVolumeClient& volumes, std::string_view key,
                          std::shared_ptr<const std::string> value, ReplaceRequest request,
                          LoopPutDone done) {
  std::make_shared<LoopPut>(*this, volumes, key, /*replaces=*/true, std::move(request),
                            writers_.Shared(key), std::move(value), std::move(done))
      ->Begin();
}

}  // namespace mkv
