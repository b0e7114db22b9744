// What the collector of garbage does when the index or the process fails it.
#include "mkvcore/store/garbage_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/volumes/memory_source.h"
#include "tests/store/failing_index.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::ResultOf;
using ::testing::SizeIs;
using namespace std::chrono_literals;

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
  // Of a blob that no volume has, for which nobody waits.
  void AddGarbage(const std::string& key) {
    KeyState state = KeyState::Read(*index_, key);
    format::PendingBlob& blob = *state.MutablePending().add_blobs();
    blob.set_id(failed_store_.NextPendingId(0));
    blob.set_kind(format::PendingBlob::GARBAGE);
    blob.set_generation(1);
    blob.add_places()->set_volume(names_[0]);
    ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
  }
  void Resume(const std::string& volume) {
    Volume(volume).Resume();
    client_->Head(std::vector<BlobLocation>{{volume, "/"}});
    ASSERT_FALSE(health_.IsDown(volume));
  }

  testing::FailingIndex failing_index_{*index_};
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
  for (int i = 0; i < kBlobs; ++i) AddGarbage("/key" + std::to_string(i));
  EXPECT_EQ(collector_.RunPass(/*hurry=*/false).deleted, kBlobs);
  EXPECT_EQ(failing_index_.syncs(), 3);
  EXPECT_THAT(Pending("/key0"), IsEmpty());
}

// Of a key that is overwritten often most of the garbage lies in batches, and the last of it not.
class GarbageOfHotKeys : public GarbageCollectorTest {
 protected:
  static StoreOptions Slow() {
    StoreOptions options = Options();
    options.garbage_delay = 1h;
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

TEST_F(GarbageCollectorTest, SettlesAGroupInOneWrite) {
  for (const char* key : {"/a", "/b", "/c", "/b"}) AddGarbage(key);
  const GarbageCollector::PassResult result = collector_.RunPass(/*hurry=*/false);
  EXPECT_EQ(result.deleted, 4U);
  EXPECT_EQ(result.pending, 0U);
  EXPECT_EQ(failing_index_.writes(), 1);
  for (const char* key : {"/a", "/b", "/c"}) EXPECT_THAT(Pending(key), IsEmpty()) << key;
}

TEST_F(GarbageCollectorTest, SettlesAGroupOfWhichAKeyIsChangedMeanwhile) {
  for (const char* key : {"/a", "/b", "/c"}) AddGarbage(key);
  failing_index_.BeforeWriteAfter(0, [this] { (void)StoreValue("/b"); });
  EXPECT_EQ(collector_.RunPass(/*hurry=*/false).deleted, 3U);
  for (const char* key : {"/a", "/b", "/c"}) EXPECT_THAT(Pending(key), IsEmpty()) << key;
  ASSERT_TRUE(failed_store_.Find("/b"));
  EXPECT_EQ(Values("/b"), std::vector<std::string>(2, "value"));
}

// Each of its blobs is settled by itself: a volume that is down holds up those that it has.
TEST_F(GarbageCollectorTest, KeepsOfAGroupWhatAVolumeDidNotAnswer) {
  const std::vector<std::string> volumes = StoreValue("/b");
  ASSERT_EQ(failed_store_.Remove("/b", {}, {}), Outcome::kDone);
  AddGarbage("/a");
  AddGarbage("/c");
  for (const std::string& name : volumes) {
    if (name != names_[0]) Volume(name).Kill();
  }
  const int before = failing_index_.writes();
  (void)collector_.RunPass(/*hurry=*/false);
  EXPECT_EQ(failing_index_.writes(), before + 1);
  EXPECT_THAT(Pending("/a"), IsEmpty());
  EXPECT_THAT(Pending("/b"), SizeIs(1));
  EXPECT_THAT(Pending("/c"), IsEmpty());
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
