// A native DELETE on an event loop: the steps of delete.cc, with the volumes asked from the loop,
// and the one sync that it needs shared with others (loop_sync.h).
#include <memory>
#include <optional>
#include <utility>

#include "mkvcore/store/delete_plan.h"
#include "mkvcore/store/garbage_deletion.h"
#include "mkvcore/store/loop_sync.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

class Store::LoopDelete : public std::enable_shared_from_this<LoopDelete> {
 public:
  LoopDelete(Store& store, LoopVolumeClient& volumes, LoopSync& sync, std::string_view key,
             LoopDeleteDone done)
      : store_(store),
        volumes_(volumes),
        sync_(sync),
        key_(key),
        token_(store.writers_.TryExclusive(key)),
        done_(std::move(done)) {}

  ~LoopDelete() {
    // Pending: the loop has ended under it, or something threw.
    if (pending_) store_.handled_.Doubt(handling_->id());
    handling_.reset();
    if (pending_) store_.TellGarbageListener(WallClockMicros());
  }
  LoopDelete(const LoopDelete&) = delete;
  LoopDelete& operator=(const LoopDelete&) = delete;

  void Begin() {
    if (!token_) return End(Outcome::kBusy);
    Step([this] {
      handling_.emplace(store_.handled_, store_.generations_.Next());
      const Outcome begun =
          store_.BeginDelete(key_, handling_->id(), Index::Durability::kOrdered, plan_);
      if (begun != Outcome::kDone) return End(begun);
      pending_ = true;
      sync_.AfterSync([self = shared_from_this()](const std::exception_ptr& failed) {
        self->Step([&] {
          if (failed) std::rethrow_exception(failed);
          self->AskVolumes();
        });
      });
    });
  }

 private:
  // Does a step; what it throws ends the DELETE.
  template <typename Work>
  void Step(const Work& work) {
    try {
      work();
    } catch (...) {
      if (!done_) throw;  // it was done_ that threw
      End(Outcome::kDone, std::current_exception());
    }
  }

  void AskVolumes() {
    round_.emplace(PlaceRound::Method::kDelete, std::vector<DoomedBlob>{{key_, &plan_.garbage}},
                   store_.NotKnownToBeDown());
    const std::vector<BlobLocation>& files = round_->files();
    if (files.empty()) return Settle();
    answers_.resize(files.size());
    unanswered_ = files.size();
    for (std::size_t i = 0; i < files.size(); ++i) {
      volumes_.Delete(files[i], [self = shared_from_this(), i](const VolumeAnswer& answer) {
        self->answers_[i] = answer;
        if (--self->unanswered_ > 0 || !self->done_) return;
        self->Step([&] {
          self->round_->NoteAnswers(self->answers_, self->store_.options_.settle_delay);
          self->Settle();
        });
      });
    }
  }

  void Settle() {
    store_.EndDelete(plan_);
    pending_ = false;
    End(Outcome::kDone);
  }

  void End(Outcome outcome, const std::exception_ptr& error = nullptr) {
    // Before the answer: who reads it may change the key at once.
    token_.Release();
    std::exchange(done_, nullptr)(outcome, error);
  }

  Store& store_;
  LoopVolumeClient& volumes_;
  LoopSync& sync_;
  const std::string key_;
  WritersUnderWay::Token token_;
  std::optional<HandledBlobs::Handling> handling_;
  DeletePlan plan_;
  std::optional<PlaceRound> round_;
  std::vector<VolumeAnswer> answers_;
  std::size_t unanswered_ = 0;
  LoopDeleteDone done_;
  bool pending_ = false;  // the record is gone, and its files are not known to be
};

void Store::DeleteOnLoop(LoopVolumeClient& volumes, LoopSync& sync, std::string_view key,
                         LoopDeleteDone done) {
  std::make_shared<LoopDelete>(*this, volumes, sync, key, std::move(done))->Begin();
}

}  // namespace mkv
