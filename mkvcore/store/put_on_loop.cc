// A PUT of a small value on an event loop: the steps of put.cc, with the volumes asked from the
// loop.
//
// A thread for each small PUT costs more than the PUT: two hand-overs, and a wait for the slowest
// of three volumes. Here it costs the requests and two writes to the index, which do not wait for a
// disk. When a volume fails, a worker goes on from there.
#include <algorithm>
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
    if (writing_) plan_.blob.TriedInVain();
    store_.AbandonPut(plan_);
  }
  LoopPut(const LoopPut&) = delete;
  LoopPut& operator=(const LoopPut&) = delete;

  void Begin() {
    Step([this] {
      const Outcome noted = store_.NoteIntent(plan_);
      if (noted != Outcome::kDone) return End({{noted, std::nullopt}, nullptr, nullptr});
      announced_ = true;
      Write(value_, store_.BlobRequest(plan_), &LoopPut::BlobWritten);
    });
  }

 private:
  using Written = void (LoopPut::*)(const ReplicaWriteResult& result);

  // Does a step; what it throws ends the PUT.
  void Step(const std::function<void()>& step) {
    try {
      step();
    } catch (...) {
      if (!done_) throw;                       // it was done_ that threw
      if (writing_) plan_.blob.TriedInVain();  // perhaps some requests went out
      if (announced_) store_.AbandonPut(plan_);
      End({{}, std::current_exception(), nullptr});
    }
  }

  void Write(const std::shared_ptr<const std::string>& bytes, const ReplicaWriteRequest& request,
             Written next) {
    writing_ = true;
    WriteReplicasOnLoop(volumes_, bytes, request,
                        [self = shared_from_this(), next](const ReplicaWriteResult& result) {
                          self->writing_ = false;
                          if (!self->done_) return;  // one of several requests could not be made
                          self->Step([&] {
                            self->plan_.blob.Tried(result);
                            (self.get()->*next)(result);
                          });
                        });
  }

  void BlobWritten(const ReplicaWriteResult& result) {
    plan_.Holds(result.attempts);
    if (!result.digest) return LeaveToWorker(&LoopPut::WriteRest);
    const std::optional<std::string> sidecar = Describe(plan_, *result.digest);
    if (!sidecar) return Commit();
    Write(std::make_shared<const std::string>(*sidecar), SidecarRequest(plan_),
          &LoopPut::SidecarWritten);
  }

  void SidecarWritten(const ReplicaWriteResult& result) {
    if (result.digest) return Commit();
    // The blob's volumes are the only place for its sidecar.
    plan_.blob.LogFailure();
    store_.AbandonPut(plan_);
    End({{Outcome::kVolumesFailed, std::nullopt}, nullptr, nullptr});
  }

  void Commit() { End({store_.CommitPut(plan_), nullptr, nullptr}); }

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
  bool writing_ = false;
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
