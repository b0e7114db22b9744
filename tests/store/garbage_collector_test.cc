// What the collector of garbage does when the index or the process fails it.
#include "mkvcore/store/garbage_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/volumes/memory_source.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::ResultOf;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// An index that takes only some writes more, and counts its syncs.
class FailingIndex : public Index {
 public:
  explicit FailingIndex(Index& index) : index_(index) {}

  void FailAfter(int writes) { left_ = writes; }
  void Heal() { left_ = INT_MAX; }
  int syncs() const { return syncs_; }

  std::optional<std::string> Get(std::string_view key) const override { return index_.Get(key); }
  std::unique_ptr<Iterator> NewIterator() const override { return index_.NewIterator(); }
  [[nodiscard]] std::optional<Stamp> Write(const Batch& batch, Durability durability) override {
    if (left_-- <= 0) throw IndexError("on purpose");
    return index_.Write(batch, durability);
  }
  bool MayStall() const override { return index_.MayStall(); }
  void Sync() override {
    ++syncs_;
    index_.Sync();
  }

 private:
  Index& index_;
  std::atomic<int> left_ = INT_MAX;
  std::atomic<int> syncs_ = 0;
};

class GarbageCollectorTest : public testing::LoopStoreTest {
 protected:
  static StoreOptions Options() {
    StoreOptions options;
    options.garbage_delay = 0ms;
    options.settle_delay = 1h;
    return options;
  }

  // The volumes that have it.
  std::vector<std::string> StoreValue(const std::string& key) {
    MemorySource source("value");
    EXPECT_EQ(failed_store_.Replace(key, source, {}).outcome, Outcome::kDone);
    return failed_store_.Find(key)->record.volumes;
  }
  void Resume(const std::string& volume) {
    Volume(volume).Resume();
    client_->Head(std::vector<BlobLocation>{{volume, "/"}});
    ASSERT_FALSE(health_.IsDown(volume));
  }

  FailingIndex failing_index_{*index_};
  Store failed_store_{failing_index_, *client_, std::make_shared<const Placement>(names_, 2, 1),
                      Options()};
  GarbageCollector collector_{failed_store_};
};

const auto kMayStillLand = ResultOf(
    [](const format::PendingBlob::Place& place) {
      return place.unanswered() && place.answered_at_us() > 0;
    },
    true);

// A volume that did not answer may carry out the DELETE at any later time.
TEST_F(GarbageCollectorTest, DeleteWhoseEndTheIndexDidNotTakeIsWaitedForLikeAnUnansweredOne) {
  const std::vector<std::string> volumes = StoreValue("/key");
  Volume(volumes[0]).Pause();
  failing_index_.FailAfter(1);  // what begins the DELETE
  EXPECT_THROW(failed_store_.Delete("/key"), IndexError);
  failing_index_.Heal();
  Resume(volumes[0]);

  collector_.RunPass(/*hurry=*/false);
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  EXPECT_THAT(Pending("/key")[0].places(), Each(kMayStillLand));
  EXPECT_FALSE(failed_store_.handled().IsInDoubt(Pending("/key")[0].id())) << "it is noted now";
}

TEST_F(GarbageCollectorTest, RoundWhoseEndTheIndexDidNotTakeIsWaitedForLikeAnUnansweredOne) {
  const std::vector<std::string> volumes = StoreValue("/key");
  ASSERT_EQ(failed_store_.Remove("/key", {}, {}), Outcome::kDone);
  Volume(volumes[0]).Pause();
  failing_index_.FailAfter(0);
  EXPECT_THROW(collector_.RunPass(/*hurry=*/false), IndexError);
  failing_index_.Heal();
  Resume(volumes[0]);

  collector_.RunPass(/*hurry=*/false);
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  EXPECT_THAT(Pending("/key")[0].places(), Each(kMayStillLand));
}

// A write that fails between two groups may be in the log: what is read is old until a sync has
// shown that the index is well, or opened it anew.
TEST_F(GarbageCollectorTest, SyncsTheIndexBeforeEachGroupThatItDeletes) {
  constexpr int kBlobs = 130;  // 64 at once
  for (int i = 0; i < kBlobs; ++i) {
    KeyState state = KeyState::Read(*index_, "/key" + std::to_string(i));
    format::PendingBlob& blob = *state.MutablePending().add_blobs();
    blob.set_id(failed_store_.NextPendingId(0));
    blob.set_kind(format::PendingBlob::GARBAGE);
    blob.set_generation(1);
    blob.add_places()->set_volume(names_[0]);
    ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
  }
  EXPECT_EQ(collector_.RunPass(/*hurry=*/false).deleted, kBlobs);
  EXPECT_EQ(failing_index_.syncs(), 3);
  EXPECT_THAT(Pending("/key0"), IsEmpty());
}

// Of a key that is overwritten often most of the garbage lies in batches, and the last of it not.
class GarbageOfHotKeys : public GarbageCollectorTest {
 protected:
  static StoreOptions Slow() {
    StoreOptions options;
    options.garbage_delay = 1h;
    options.settle_delay = 1h;
    return options;
  }
  GarbageOfHotKeys() {
    for (int i = 0; i < 25; ++i) Replace("/a");
    for (int i = 0; i < 5; ++i) Replace("/b");
    EXPECT_GT(KeyState::Read(*index_, "/a").pending().garbage_batches(), 0U);
    EXPECT_THAT(AllPending("/a"), SizeIs(24));
  }
  void Replace(const std::string& key) {
    MemorySource source("value");
    EXPECT_EQ(slow_store_.Replace(key, source, {}).outcome, Outcome::kDone);
  }
  std::vector<format::PendingBlob> AllPending(const std::string& key) {
    const format::Pending pending = KeyState::AllPending(*index_, key);
    return {pending.blobs().begin(), pending.blobs().end()};
  }

  Store slow_store_{*index_, *client_, std::make_shared<const Placement>(names_, 2, 1), Slow()};
  GarbageCollector slow_collector_{slow_store_};
};

TEST_F(GarbageOfHotKeys, IsSettledWhole) {
  EXPECT_EQ(slow_collector_.RunPass(/*hurry=*/true).deleted, 2U * (24 + 4));
  EXPECT_EQ(index_->Get(PendingKey("/a")), std::nullopt);
  EXPECT_THAT(AllPending("/a"), IsEmpty());
  EXPECT_THAT(AllPending("/b"), IsEmpty());
}

TEST_F(GarbageOfHotKeys, IsNotedWholeAsUnansweredByAVolume) {
  const std::string volume = slow_store_.Find("/a")->record.volumes[0];
  Volume(volume).Pause();
  slow_collector_.RunPass(/*hurry=*/true);
  Resume(volume);
  EXPECT_THAT(AllPending("/a"), SizeIs(24));
  for (const format::PendingBlob& blob : AllPending("/a")) {
    ASSERT_THAT(blob.places(), SizeIs(1));
    EXPECT_EQ(blob.places(0).volume(), volume);
    EXPECT_TRUE(blob.places(0).unanswered());
  }
}

TEST_F(GarbageCollectorTest, OutlivesATimeWithoutDescriptorsWhileAVolumeIsDown) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "UBSan looks at memory through a pipe(2), and takes what it can not see for bad";
#endif
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  health_.Failed(names_[0], "on purpose");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  collector_.Start();
  std::this_thread::sleep_for(1500ms);  // it asks every second
  EXPECT_TRUE(health_.IsDown(names_[0]));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  for (int i = 0; i < 500 && health_.IsDown(names_[0]); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(health_.IsDown(names_[0]));
  collector_.Stop();
}

}  // namespace
}  // namespace mkv
