// Keys that move together: where they and their sidecars are then, and what is left when one of
// them, a volume or the index fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/volumes/memory_source.h"
#include "tests/store/failing_index.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::ResultOf;
using ::testing::SizeIs;
using testing::TestVolume;

using Keys = std::vector<std::string>;
using Volumes = std::vector<std::size_t>;  // by their places in names_

constexpr std::size_t kMaxTogether = 64 << 10;

using Result = std::optional<Store::MoveResult>;

MATCHER_P2(Ended, outcome, moved, "") {
  return arg.outcome == outcome && arg.moved == moved && !arg.away;
}
const auto kMoved = Optional(Ended(Outcome::kDone, true));
const auto kInPlace = Optional(Ended(Outcome::kDone, false));
// To be moved by itself.
const auto kLeft = ResultOf([](const Result& result) { return result.has_value(); }, false);
const auto kGone = Optional(Ended(Outcome::kMissing, false));

MATCHER_P(IsGarbageOn, volume, "") {
  return arg.kind() == format::PendingBlob::GARBAGE && arg.places_size() == 1 &&
         arg.places(0).volume() == volume && !arg.places(0).unanswered();
}

class RebalanceTogether : public testing::LoopStoreTest {
 public:
  ~RebalanceTogether() override {
    collector_.reset();
    store_.reset();
  }

 protected:
  RebalanceTogether() {
    store_ = std::make_unique<Store>(failing_index_, *client_, store_->placement(), StoreOptions());
    collector_ = std::make_unique<GarbageCollector>(*store_);
    store_->SetGarbageListener([this](std::int64_t) { ++told_; });
    // Nobody is asked first where all are known to answer.
    for (const std::string& name : names_) health_.Answered(name);
  }

  // From now on every key belongs on so many of these.
  void Place(const Volumes& volumes, std::size_t replicas) {
    std::vector<std::string> names;
    for (const std::size_t volume : volumes) names.push_back(names_[volume]);
    store_->SetPlacement(std::make_shared<const Placement>(names, replicas, 1));
  }
  void Place(const Volumes& volumes) { Place(volumes, volumes.size()); }

  void Put(const std::string& key, const std::string& value, bool sidecar = false) {
    MemorySource source(value);
    ASSERT_EQ(
        store_->Replace(key, source, sidecar ? WithSidecar() : Store::ReplaceRequest()).outcome,
        Outcome::kDone);
  }
  // With their names for values.
  void Put(const Keys& keys, bool sidecar = false) {
    for (const std::string& key : keys) Put(key, key, sidecar);
  }
  // The first key, from /key0 on, of which this is true under the present placement.
  std::string KeyWhere(const std::function<bool(const std::vector<std::string>& chosen,
                                                const std::string& key)>& is_true) {
    for (int i = 0;; ++i) {
      std::string key = "/key" + std::to_string(i);
      if (is_true(store_->placement()->Choose(key), key)) return key;
    }
  }
  std::string KeyFirstOn(std::size_t volume) {
    return KeyWhere(
        [&](const auto& chosen, const std::string&) { return chosen.front() == names_[volume]; });
  }

  std::vector<Result> Move(const Keys& keys) {
    writes_before_ = failing_index_.writes();
    return store_->RebalanceTogether(keys);
  }
  int Writes() const { return failing_index_.writes() - writes_before_; }

  std::vector<std::string> VolumesOf(const std::string& key) {
    return store_->Find(key)->record.volumes;
  }
  void ExpectAtHome(const std::string& key, const std::string& value) {
    SCOPED_TRACE(key);
    EXPECT_EQ(VolumesOf(key), store_->placement()->Choose(key));
    EXPECT_THAT(Values(key), Each(value));
  }
  // Where it was, and readable there.
  void ExpectStayed(const std::string& key, const std::vector<std::string>& volumes,
                    const std::string& value) {
    SCOPED_TRACE(key);
    EXPECT_EQ(VolumesOf(key), volumes);
    EXPECT_THAT(Values(key), Each(value));
  }
  void CollectGarbage() { (void)collector_->RunPass(/*hurry=*/true); }
  // Of the value of `key`, on a volume.
  std::optional<std::string> FileOn(std::size_t volume, const std::string& key) {
    return volumes_[volume].File(store_->Find(key)->Path());
  }

  testing::FailingIndex failing_index_{*index_};
  std::unique_ptr<GarbageCollector> collector_;
  int writes_before_ = 0;
  std::atomic<int> told_ = 0;  // that there is garbage
};

TEST_F(RebalanceTogether, MovesAltogetherInTwoWrites) {
  for (const bool sidecar : {false, true}) {
    SCOPED_TRACE(sidecar);
    const Keys keys = sidecar ? Keys{"/s0", "/s1", "/s2"} : Keys{"/b0", "/b1", "/b2"};
    Place({0});
    Put(keys, sidecar);
    Place({1, 2});
    told_ = 0;
    EXPECT_THAT(Move(keys), Each(kMoved));
    EXPECT_EQ(Writes(), 2);
    EXPECT_EQ(told_, 1);
    for (const std::string& key : keys) {
      ExpectAtHome(key, key);
      EXPECT_THAT(Pending(key), ElementsAre(IsGarbageOn(names_[0])));
      EXPECT_EQ(FileOn(0, key), key) << "somebody may be reading it";
      for (const TestVolume& volume : volumes_) {
        EXPECT_EQ(volume.File(SidecarPath(key, kPlain)).has_value(), sidecar);
      }
    }
  }
  CollectGarbage();
  EXPECT_THAT(volumes_[0].Files(), IsEmpty());
  EXPECT_THAT(volumes_[1].Files(), SizeIs(9));
  EXPECT_EQ(volumes_[1].Files(), volumes_[2].Files());
}

TEST_F(RebalanceTogether, MovesOnlyWhatIsNotThereYet) {
  for (const bool sidecar : {false, true}) {
    SCOPED_TRACE(sidecar);
    const Keys keys = sidecar ? Keys{"/s0", "/s1", "/s2"} : Keys{"/b0", "/b1", "/b2"};
    Place({0, 1});
    Put(keys, sidecar);
    Place({1, 2});
    EXPECT_THAT(Move(keys), Each(kMoved));
    EXPECT_EQ(Writes(), 2);
    for (const std::string& key : keys) {
      ExpectAtHome(key, key);
      EXPECT_THAT(Pending(key), ElementsAre(IsGarbageOn(names_[0])));
      EXPECT_EQ(volumes_[2].File(SidecarPath(key, kPlain)),
                volumes_[1].File(SidecarPath(key, kPlain)));
      EXPECT_EQ(volumes_[2].File(SidecarPath(key, kPlain)).has_value(), sidecar);
    }
  }
}

// A volume that stays may have lost its replica, and the other one goes.
TEST_F(RebalanceTogether, RestoresWhatTheVolumeThatStaysHasLost) {
  Place({0, 1});
  Put({"/lost", "/whole"});
  volumes_[1].Kill();
  std::filesystem::remove(volumes_[1].folder().string() + BlobPath("/lost", kPlain));
  volumes_[1].Start();
  Place({1, 2});
  EXPECT_THAT(Move({"/lost", "/whole"}), Each(kMoved));
  ExpectAtHome("/lost", "/lost");
  ExpectAtHome("/whole", "/whole");
}

TEST_F(RebalanceTogether, TellsOfEachKeyHowItEnded) {
  Place({0});
  Put({"/moves", "/unlinked"});
  ASSERT_EQ(store_->Unlink("/unlinked"), Outcome::kDone);
  Place({1});
  Put({"/in place"});
  EXPECT_THAT(Move({"/in place", "/moves", "/nothing", "/unlinked"}),
              ElementsAre(kInPlace, kMoved, kGone, kMoved));
  EXPECT_EQ(Writes(), 2);
  ExpectAtHome("/in place", "/in place");
  ExpectAtHome("/moves", "/moves");
  ExpectAtHome("/unlinked", "/unlinked");
  EXPECT_TRUE(store_->Find("/unlinked")->record.unlinked);
  EXPECT_THAT(Pending("/in place"), IsEmpty());
  EXPECT_FALSE(store_->Find("/nothing"));
}

TEST_F(RebalanceTogether, WritesNothingWhereAllIsInPlace) {
  Put({"/a", "/b"});
  EXPECT_THAT(Move({"/a", "/b", "/nothing"}), ElementsAre(kInPlace, kInPlace, kGone));
  EXPECT_EQ(Writes(), 0);
}

TEST_F(RebalanceTogether, LeavesLargeValuesAlone) {
  const std::string large(kMaxTogether + 1, 'v');
  const std::string small(kMaxTogether, 'v');
  Place({0, 1});
  Put("/large", large);
  Put("/small", small);
  const std::vector<std::string> before = VolumesOf("/large");
  for (const Volumes& to : {Volumes{2}, Volumes{0, 2}}) {
    Place(to);
    EXPECT_THAT(Move({"/large"}), ElementsAre(kLeft));
    EXPECT_EQ(Writes(), 0);
    EXPECT_THAT(Move({"/large", "/small"}), ElementsAre(kLeft, kMoved));
    ExpectStayed("/large", before, large);
    EXPECT_THAT(Pending("/large"), IsEmpty());
    EXPECT_FALSE(FileOn(2, "/large"));
    ExpectAtHome("/small", small);
    CollectGarbage();
  }
}

TEST_F(RebalanceTogether, GivesAKeyUpWhoseReplicaIsDamaged) {
  struct Case {
    const char* name;
    std::size_t damaged;  // the record's first: it is the one that is read
    Volumes to;
  };
  for (const auto& [name, damaged, to] :
       {Case{"both go", 0, {2}}, Case{"the damaged goes", 0, {1, 2}},
        Case{"the damaged stays", 1, {1, 2}}}) {
    SCOPED_TRACE(name);
    Place({0, 1});
    const std::string bad = KeyFirstOn(damaged);
    const std::string good = bad + "good";
    Put({bad, good});
    const std::vector<std::string> before = VolumesOf(bad);
    volumes_[damaged].Store(BlobPath(bad, kPlain), std::string(bad.size(), '?'));
    Place(to);
    EXPECT_THAT(Move({bad, good}), ElementsAre(kLeft, kMoved));
    EXPECT_EQ(VolumesOf(bad), before);
    EXPECT_EQ(FileOn(1 - damaged, bad), bad);
    EXPECT_THAT(Pending(bad), IsEmpty());
    ExpectAtHome(good, good);

    EXPECT_THAT(store_->RebalanceQuietly(bad), Ended(Outcome::kDone, true));
    ExpectAtHome(bad, bad);
    // The next case begins with these keys.
    for (const std::string& key : {bad, good}) EXPECT_EQ(store_->Remove(key, {}), Outcome::kDone);
    CollectGarbage();
    for (const TestVolume& volume : volumes_) EXPECT_THAT(volume.Files(), IsEmpty());
  }
}

TEST_F(RebalanceTogether, GivesAKeyUpThatAVolumeRefuses) {
  for (const bool sidecar : {false, true}) {
    SCOPED_TRACE(sidecar);
    const Keys keys = sidecar ? Keys{"/s0", "/s1", "/s2"} : Keys{"/b0", "/b1", "/b2"};
    const std::string& refused = keys[1];
    Place({0});
    Put(keys, sidecar);
    // A folder is in its way there.
    volumes_[2].MakeFolder(sidecar ? SidecarPath(refused, kPlain) : BlobPath(refused, kPlain));
    Place({1, 2});
    told_ = 0;
    EXPECT_THAT(Move(keys), ElementsAre(kMoved, kLeft, kMoved));
    EXPECT_EQ(told_, 2) << "of what moved away, and of what was copied in vain";
    ExpectAtHome(keys[0], keys[0]);
    ExpectStayed(refused, {names_[0]}, refused);
    ExpectAtHome(keys[2], keys[2]);
    ASSERT_THAT(Pending(refused), SizeIs(1));
    EXPECT_EQ(Pending(refused)[0].kind(), format::PendingBlob::GARBAGE);
    EXPECT_EQ(Pending(refused)[0].sidecar(), sidecar);
    EXPECT_FALSE(store_->handled().Contains(Pending(refused)[0].id()));
    CollectGarbage();
    ExpectStayed(refused, {names_[0]}, refused);
    EXPECT_FALSE(FileOn(1, refused));
  }
}

class TowardsTwo : public RebalanceTogether {
 protected:
  TowardsTwo() {
    Place({1, 2}, /*replicas=*/1);
    // Volumes, and with them placement, are other ones each time.
    while (keys_.size() < 8) {
      const std::size_t home = 1 + keys_.size() % 2;
      keys_.push_back(KeyWhere([&](const auto& chosen, const std::string& key) {
        return chosen.front() == names_[home] && !Contains(keys_, key);
      }));
    }
    Place({0});
    Put(keys_);
    Place({1, 2}, /*replicas=*/1);
  }

  std::size_t HomeOf(const std::string& key) {
    return store_->placement()->Choose(key).front() == names_[1] ? 1 : 2;
  }
  // Those that belong on 1 move, and the others stay.
  void ExpectOneFails() {
    const auto results = Move(keys_);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (HomeOf(keys_[i]) == 1) {
        EXPECT_THAT(results[i], kMoved);
        ExpectAtHome(keys_[i], keys_[i]);
      } else {
        EXPECT_THAT(results[i], kLeft);
        ExpectStayed(keys_[i], {names_[0]}, keys_[i]);
      }
    }
  }

  Keys keys_;
};

TEST_F(TowardsTwo, LeavesNothingPendingThatWasNotSentToADeadVolume) {
  volumes_[2].Kill();
  ExpectOneFails();
  for (const std::string& key : keys_) {
    if (HomeOf(key) == 2) {
      EXPECT_THAT(Pending(key), IsEmpty()) << key;
    }
  }
}

TEST_F(TowardsTwo, DoesNotForgetWhatMayStillLandOnAVolumeThatDidNotAnswer) {
  volumes_[2].Pause();
  ExpectOneFails();
  for (const std::string& key : keys_) {
    if (HomeOf(key) == 1) continue;
    ASSERT_THAT(Pending(key), SizeIs(1)) << key;
    EXPECT_EQ(Pending(key)[0].kind(), format::PendingBlob::GARBAGE);
    ASSERT_EQ(Pending(key)[0].places_size(), 1);
    EXPECT_EQ(Pending(key)[0].places(0).volume(), names_[2]);
    EXPECT_TRUE(Pending(key)[0].places(0).unanswered());
  }
  volumes_[2].Resume();
}

class MovesMeanwhile : public RebalanceTogether {
 protected:
  MovesMeanwhile() {
    Place({0});
    Put(keys_);
    Place({1, 2});
  }

  // Of the two writes.
  static constexpr int kAnnounce = 0;
  static constexpr int kCommit = 1;

  const Keys keys_ = {"/a", "/b", "/c"};
};

TEST_F(MovesMeanwhile, KeyThatIsReplacedBeforeTheCommitKeepsItsNewValue) {
  failing_index_.BeforeWriteAfter(kCommit, [this] { Put("/b", "new"); });
  EXPECT_THAT(Move(keys_), ElementsAre(kMoved, kLeft, kMoved));
  ExpectAtHome("/a", "/a");
  ExpectAtHome("/b", "new");
  ExpectAtHome("/c", "/c");
  for (const format::PendingBlob& blob : Pending("/b")) {
    EXPECT_EQ(blob.kind(), format::PendingBlob::GARBAGE);
  }
  CollectGarbage();
  ExpectAtHome("/b", "new");
  EXPECT_THAT(volumes_[0].Files(), IsEmpty());
  EXPECT_THAT(volumes_[1].Files(), SizeIs(3));
  EXPECT_EQ(volumes_[1].Files(), volumes_[2].Files());
}

TEST_F(MovesMeanwhile, KeyThatIsRemovedBeforeTheCommitStaysRemoved) {
  failing_index_.BeforeWriteAfter(kCommit,
                                  [this] { ASSERT_EQ(store_->Remove("/b", {}), Outcome::kDone); });
  EXPECT_THAT(Move(keys_), ElementsAre(kMoved, kLeft, kMoved));
  EXPECT_FALSE(store_->Find("/b"));
  CollectGarbage();
  EXPECT_THAT(volumes_[0].Files(), IsEmpty());
  EXPECT_THAT(volumes_[1].Files(), SizeIs(2));
}

TEST_F(MovesMeanwhile, NothingIsCopiedWhenAKeyIsChangedBeforeTheIntents) {
  failing_index_.BeforeWriteAfter(kAnnounce,
                                  [this] { ASSERT_EQ(store_->Unlink("/b"), Outcome::kDone); });
  EXPECT_THAT(Move(keys_), Each(kLeft));
  for (const std::string& key : keys_) {
    ExpectStayed(key, {names_[0]}, key);
    EXPECT_THAT(Pending(key), IsEmpty());
  }
  EXPECT_TRUE(store_->Find("/b")->record.unlinked);
  EXPECT_THAT(volumes_[1].Files(), IsEmpty());
}

TEST_F(MovesMeanwhile, IndexThatFailsTheIntentsLeavesAllAsItWas) {
  failing_index_.FailAfter(kAnnounce);
  EXPECT_THAT(Move(keys_), Each(kLeft));
  failing_index_.Heal();
  for (const std::string& key : keys_) {
    ExpectStayed(key, {names_[0]}, key);
    EXPECT_THAT(Pending(key), IsEmpty());
  }
  EXPECT_THAT(volumes_[1].Files(), IsEmpty());
}

TEST_F(MovesMeanwhile, IndexThatFailsFromTheCommitOnLeavesTheIntents) {
  failing_index_.FailAfter(kCommit);
  EXPECT_THAT(Move(keys_), Each(kLeft));
  failing_index_.Heal();
  for (const std::string& key : keys_) {
    ExpectStayed(key, {names_[0]}, key);
    ASSERT_THAT(Pending(key), SizeIs(1));
    EXPECT_EQ(Pending(key)[0].kind(), format::PendingBlob::INTENT);
    EXPECT_EQ(Pending(key)[0].places_size(), 2);
    EXPECT_FALSE(store_->handled().Contains(Pending(key)[0].id()));
  }
}

TEST_F(MovesMeanwhile, IndexThatFailsTheCommitAloneLeavesGarbage) {
  failing_index_.BeforeWriteAfter(kCommit, [] { throw IndexError("on purpose"); });
  told_ = 0;
  EXPECT_THAT(Move(keys_), Each(kLeft));
  EXPECT_GT(told_, 0);
  for (const std::string& key : keys_) {
    ExpectStayed(key, {names_[0]}, key);
    ASSERT_THAT(Pending(key), SizeIs(1));
    EXPECT_EQ(Pending(key)[0].kind(), format::PendingBlob::GARBAGE);
    EXPECT_EQ(Pending(key)[0].places_size(), 2);
  }
  CollectGarbage();
  for (const std::string& key : keys_) ExpectStayed(key, {names_[0]}, key);
  EXPECT_THAT(volumes_[1].Files(), IsEmpty());
  EXPECT_THAT(volumes_[2].Files(), IsEmpty());

  EXPECT_THAT(Move(keys_), Each(kMoved));
}

// The old blob of an earlier move is still to be deleted where the key goes: it would take the copy
// with it.
TEST_F(MovesMeanwhile, KeyThatWaitsForADeletionThereIsLeftAlone) {
  EXPECT_THAT(Move(keys_), Each(kMoved));
  Put("/new", "/new");
  Place({0});
  EXPECT_THAT(Move({"/a", "/new"}), ElementsAre(kLeft, kMoved));
  EXPECT_THAT(Values("/a"), ElementsAre("/a", "/a"));
  EXPECT_THAT(Pending("/a"), SizeIs(1));
  CollectGarbage();
  EXPECT_THAT(Move({"/a"}), ElementsAre(kMoved));
  ExpectAtHome("/a", "/a");
}

}  // namespace
}  // namespace mkv
