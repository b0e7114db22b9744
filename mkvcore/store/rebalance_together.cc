// Brings several keys to the volumes where they belong at once: the steps of rebalance_key.cc, each
// of them for all keys before the next. Their requests are under way together, on one event loop,
// and the index is written once for all intents and once for all moves; for small values both cost
// more than the values do.
//
// It is for keys that go smoothly. Whatever else is left as it was for RebalanceQuietly(), which
// tries further and tells of it: a large value, a volume that does not answer, a replica that is
// not the value, an index that can not be written.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

#include "mkvcore/store/key_state.h"
#include "mkvcore/store/move_plan.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/loop_replica_write.h"
#include "mkvcore/volumes/loop_session.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {

static_assert(kMaxHeldReplica <= kMaxLoopValue);

class Store::MoveTogether {
 public:
  MoveTogether(Store& store, const std::vector<std::string>& keys)
      : store_(store), keys_(keys), results_(keys.size()) {}

  std::vector<std::optional<MoveResult>> Run() {
    try {
      Plan();
      Announce();
      Commit();  // of those that have all they need
      Copy();
      Commit();
    } catch (const std::exception&) {
      // The index or a volume's connections; who moves these keys by themselves meets it again.
    }
    for (const MovePtr& move : moves_) Abandon(*move);
    return std::move(results_);
  }

 private:
  struct Move {
    Move(Store& store, std::size_t place, KeyState read)
        : position(place), plan(store), state(std::move(read)) {
      plan.object = *state.object();
    }

    const std::size_t position;  // among the keys
    MovePlan plan;
    KeyState state;          // with the intent, once that is noted
    bool announced = false;  // there is an intent to be settled
    bool sent = false;       // some of what is missing
    bool ready = false;      // all of it is there
    bool committed = false;
    int writes_under_way = 0;
  };
  using MovePtr = std::shared_ptr<Move>;  // with those requests that are under way

  // What is missing of one key goes to its volumes, on a loop.
  class CopyOnLoop : public std::enable_shared_from_this<CopyOnLoop> {
   public:
    CopyOnLoop(LoopVolumeClient& client, MovePtr move, std::shared_ptr<std::size_t> left)
        : client_(client), move_(std::move(move)), left_(std::move(left)) {}

    void Begin() {
      const MovePlan& plan = move_->plan;
      reads_under_way_ = plan.object.has_sidecar() ? 2 : 1;
      client_.GetUpTo(plan.Holders(plan.object.Path()).front(), kMaxHeldReplica,
                      [self = shared_from_this()](const VolumeAnswer& answer, std::string value) {
                        ValueCheck check(self->move_->plan.object);
                        check.Update(value);
                        self->OnRead(answer.ok() && check.Holds(), &self->value_, std::move(value));
                      });
      if (!plan.object.has_sidecar()) return;
      client_.GetUpTo(plan.Holders(SidecarsPath()).front(), kMaxHeldReplica,
                      [self = shared_from_this()](const VolumeAnswer& answer, std::string sidecar) {
                        self->OnRead(answer.ok(), &self->sidecar_, std::move(sidecar));
                      });
    }

   private:
    using Bytes = std::shared_ptr<const std::string>;

    std::string SidecarsPath() const {
      return SidecarPath(move_->plan.object.key, move_->plan.object.generation());
    }

    void OnRead(bool good, Bytes* into, std::string bytes) {
      if (good) {
        *into = std::make_shared<const std::string>(std::move(bytes));
      } else {
        failed_ = true;
      }
      if (--reads_under_way_ > 0) return;
      if (failed_) return End();
      Write(value_, move_->plan.object.Path());
      if (sidecar_) Write(sidecar_, SidecarsPath());
    }

    void Write(const Bytes& bytes, const std::string& path) {
      ReplicaWriteRequest request;
      request.candidates = move_->plan.Missing(path);
      request.wanted = request.candidates.size();
      request.md5 = false;
      move_->sent = true;
      ++move_->writes_under_way;
      WriteReplicasOnLoop(client_, bytes, request,
                          [self = shared_from_this()](const ReplicaWriteResult& written) {
                            self->move_->plan.copy.Tried(written);
                            if (!written.digest) self->failed_ = true;
                            if (--self->move_->writes_under_way == 0) self->End();
                          });
    }

    void End() {
      move_->ready = !failed_;
      --*left_;
    }

    LoopVolumeClient& client_;
    const MovePtr move_;
    const std::shared_ptr<std::size_t> left_;
    int reads_under_way_ = 0;
    bool failed_ = false;
    Bytes value_;
    Bytes sidecar_;
  };

  void Plan() {
    std::vector<MovePtr> asked;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      KeyState state = KeyState::Read(store_.index_, keys_[i]);
      if (!state.object()) {
        results_[i] = {Outcome::kMissing, false};
        continue;
      }
      // It has to be queued with the change: see ReadToChange().
      if (state.leftover()) continue;
      const auto move = std::make_shared<Move>(store_, i, std::move(state));
      if (store_.ChooseUnasked(move->plan)) {
        moves_.push_back(move);
      } else if (!AnyIsDown(move->plan.VolumesToAsk())) {
        asked.push_back(move);
      }
    }
    AskVolumes(asked);
    for (const MovePtr& move : asked) {
      // Those that step in for it are asked key by key, which takes a thread for each.
      if (!AllHaveAnswered(move->plan)) continue;
      if (store_.ChooseAsAnswered({}, move->plan)) {
        moves_.push_back(move);
      } else {
        results_[move->position] = {Outcome::kImpossible, false};
      }
    }
  }

  bool AnyIsDown(const std::vector<std::string>& volumes) const {
    const VolumeHealth& health = store_.volumes_.health();
    return std::ranges::any_of(volumes, [&](const auto& volume) { return health.IsDown(volume); });
  }

  static bool AllHaveAnswered(const MovePlan& plan) {
    return std::ranges::all_of(plan.answers, [](const auto& answer) {
      return answer.second.ok() || answer.second.missing();
    });
  }

  void AskVolumes(const std::vector<MovePtr>& moves) {
    std::vector<BlobLocation> locations;
    std::vector<MovePlan*> askers;  // of each
    for (const MovePtr& move : moves) {
      const std::string path = move->plan.object.Path();
      for (const std::string& volume : move->plan.VolumesToAsk()) {
        locations.push_back({volume, path});
        askers.push_back(&move->plan);
      }
    }
    const std::vector<VolumeAnswer> heard = store_.volumes_.Head(locations);
    for (std::size_t i = 0; i < heard.size(); ++i) {
      askers[i]->answers[locations[i].volume] = heard[i];
    }
  }

  void Announce() {
    std::erase_if(moves_, [this](const MovePtr& move) {
      MovePlan& plan = move->plan;
      if (store_.AnnounceCopies(move->state, plan) != Outcome::kDone) return true;
      if (plan.in_place()) {
        results_[move->position] = {Outcome::kDone, false, plan.away};
        return true;
      }
      move->ready = plan.missing.empty();
      return !move->ready && plan.size > kMaxHeldReplica;
    });
    std::vector<KeyState*> states;
    for (const MovePtr& move : moves_) {
      if (!move->ready) states.push_back(&move->state);
    }
    const bool committed =
        states.empty() ||
        KeyState::CommitTogether(store_.index_, Index::Durability::kOrdered, states);
    if (committed) {
      for (const MovePtr& move : moves_) move->announced = !move->ready;
    } else {
      std::erase_if(moves_, [](const MovePtr& move) { return !move->ready; });
    }
  }

  void Copy() {
    std::vector<MovePtr> copied;
    for (const MovePtr& move : moves_) {
      if (!move->ready) copied.push_back(move);
    }
    if (copied.empty()) return;
    const auto left = std::make_shared<std::size_t>(copied.size());
    AskOver(
        store_.volumes_.loop_sessions(),
        [&](LoopVolumeClient& client) {
          for (const MovePtr& move : copied) {
            std::make_shared<CopyOnLoop>(client, move, left)->Begin();
          }
        },
        [&left] { return *left == 0; });
    for (const MovePtr& move : copied) {
      if (move->ready || !move->sent) continue;
      move->plan.copy.LogFailure();
      // What was sent is garbage now, and in the way of the next attempt.
      if (!move->plan.unasked) results_[move->position] = {Outcome::kImpossible, false};
    }
  }

  // Those that are ready.
  void Commit() {
    std::vector<MovePtr> ready;
    std::vector<KeyState*> states;
    std::optional<std::int64_t> garbage_from;
    for (const MovePtr& move : moves_) {
      if (!move->ready || move->committed) continue;
      ready.push_back(move);
      states.push_back(&move->state);
      if (const auto from = store_.SettleMove(move->state, move->plan)) {
        garbage_from = std::min(*from, garbage_from.value_or(*from));
      }
    }
    if (ready.empty()) return;
    if (KeyState::CommitTogether(store_.index_, store_.Decisive(), states)) {
      for (const MovePtr& move : ready) {
        move->committed = true;
        results_[move->position] = {Outcome::kDone, true, move->plan.away};
      }
      if (garbage_from) store_.TellGarbageListener(*garbage_from);
      return;
    }
    // One of them was changed meanwhile.
    for (const MovePtr& move : ready) {
      move->committed = true;
      const Outcome moved = store_.CommitMove(move->plan);
      if (moved != Outcome::kBusy) results_[move->position] = {moved, true, move->plan.away};
    }
  }

  void Abandon(Move& move) {
    if (!move.announced || move.committed) return;
    if (move.writes_under_way > 0) move.plan.copy.TriedInVain();  // perhaps some requests went out
    if (move.plan.copy.Abandon()) store_.TellGarbageListener(WallClockMicros());
  }

  Store& store_;
  const std::vector<std::string>& keys_;
  std::vector<std::optional<MoveResult>> results_;  // by position
  std::vector<MovePtr> moves_;                      // those that go on
};

std::vector<std::optional<Store::MoveResult>> Store::RebalanceTogether(
    const std::vector<std::string>& keys) {
  // Over TLS nothing can be written from a loop.
  if (volumes_.options().tls) return std::vector<std::optional<MoveResult>>(keys.size());
  return MoveTogether(*this, keys).Run();
}

}  // namespace mkv
