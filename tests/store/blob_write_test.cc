#include "mkvcore/store/blob_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using Delivery = VolumeAnswer::Delivery;

constexpr auto kOrdered = Index::Durability::kOrdered;
constexpr std::uint64_t kId = 42;

class BlobWriteTest : public ::testing::Test {
 protected:
  KeyState Read() { return KeyState::Read(*index_, "/key"); }
  void Announce(BlobWrite& write, const std::vector<std::string>& volumes) {
    KeyState state = Read();
    write.Announce(state, /*generation=*/7, /*original_spelling=*/false, /*sidecar=*/false,
                   volumes);
    ASSERT_TRUE(state.Commit(*index_, kOrdered));
  }
  static ReplicaWriteResult::Attempt Attempt(const std::string& volume, Delivery delivery,
                                             int status = 0) {
    return {.blob = {volume, "/path"},
            .answer = {.delivery = delivery,
                       .status = status,
                       .error = {},
                       .content_length = {},
                       .last_modified = {}}};
  }
  // `volume` or `volume (unanswered)` for each place of the pending blob.
  std::vector<std::string> Places() {
    std::vector<std::string> places;
    KeyState state = Read();
    if (const format::PendingBlob* blob = state.FindPending(kId)) {
      for (const auto& place : blob->places()) {
        places.push_back(place.volume() + (place.unanswered() ? " (unanswered)" : ""));
      }
    }
    return places;
  }

  const testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path() / "index");
  HandledBlobs handled_;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(BlobWriteTest, IsInTheIndexBeforeAnythingIsSent) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  KeyState state = Read();
  const format::PendingBlob* intent = state.FindPending(kId);
  ASSERT_NE(intent, nullptr);
  EXPECT_EQ(intent->kind(), format::PendingBlob::INTENT);
  EXPECT_EQ(intent->generation(), 7U);
  EXPECT_THAT(Places(), ElementsAre("a:1", "b:2"));
  EXPECT_EQ(write.path(), BlobPath("/key", 7));
}

TEST_F(BlobWriteTest, IsHandledAsLongAsItLives) {
  {
    const BlobWrite write(*index_, handled_, kId);
    EXPECT_TRUE(handled_.Contains(kId));
  }
  EXPECT_FALSE(handled_.Contains(kId));
}

TEST_F(BlobWriteTest, NotesAPlaceThatStepsIn) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  write.AddPlace("c:3");
  EXPECT_THAT(Places(), ElementsAre("a:1", "b:2", "c:3"));
}

TEST_F(BlobWriteTest, SettledWholeLeavesNothingPending) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  write.Tried({.attempts = {Attempt("a:1", Delivery::kAnswered, 201),
                            Attempt("b:2", Delivery::kAnswered, 201)},
               .digest = {}});
  KeyState state = Read();
  EXPECT_FALSE(write.Settle(state, {"a:1", "b:2"}));
  ASSERT_TRUE(state.Commit(*index_, kOrdered));
  EXPECT_TRUE(Read().PlainPathIsFree());
}

// The volume answered a second request, and may carry out the first at any time.
TEST_F(BlobWriteTest, SettledWholeIsWaitedForWhereItMayLandAgain) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  ReplicaWriteResult::Attempt again = Attempt("a:1", Delivery::kAnswered, 201);
  again.answer.may_land_again = true;
  write.Tried({.attempts = {again, Attempt("b:2", Delivery::kAnswered, 201)}, .digest = {}});
  KeyState state = Read();
  EXPECT_TRUE(write.Settle(state, {"a:1", "b:2"}));
  ASSERT_TRUE(state.Commit(*index_, kOrdered));
  EXPECT_THAT(Places(), ElementsAre("a:1 (unanswered)"));
  EXPECT_FALSE(Read().PlainPathIsFree());
}

TEST_F(BlobWriteTest, AbandonedIsWaitedForWhereItMayLandAgain) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  ReplicaWriteResult::Attempt again = Attempt("a:1", Delivery::kAnswered, 201);
  again.answer.may_land_again = true;
  write.Tried({.attempts = {again, Attempt("b:2", Delivery::kAnswered, 201)}, .digest = {}});
  EXPECT_TRUE(write.Abandon());
  EXPECT_THAT(Places(), ElementsAre("a:1 (unanswered)", "b:2"));
}

TEST_F(BlobWriteTest, SettledInPartLeavesWhatWasTriedElsewhereAsGarbage) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  write.AddPlace("c:3");
  write.AddPlace("d:4");
  write.Tried(
      {.attempts = {Attempt("a:1", Delivery::kAnswered, 201), Attempt("b:2", Delivery::kUnanswered),
                    Attempt("c:3", Delivery::kAnswered, 507),
                    Attempt("d:4", Delivery::kAnswered, 201)},
       .digest = {}});
  KeyState state = Read();
  EXPECT_TRUE(write.Settle(state, {"a:1", "d:4"}));
  ASSERT_TRUE(state.Commit(*index_, kOrdered));
  EXPECT_THAT(Places(), ElementsAre("b:2 (unanswered)", "c:3"));
  EXPECT_EQ(Read().pending().blobs(0).kind(), format::PendingBlob::GARBAGE);
}

TEST_F(BlobWriteTest, ThatNeverReachedAVolumeLeavesNothingThere) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  write.Tried({.attempts = {Attempt("a:1", Delivery::kNeverSent)}, .digest = {}});
  EXPECT_FALSE(write.Abandon()) << "b:2 was not even tried";
  EXPECT_THAT(Places(), IsEmpty());
}

TEST_F(BlobWriteTest, AbandonedLeavesAllThatWasSentAsGarbage) {
  BlobWrite write(*index_, handled_, kId);
  Announce(write, {"a:1", "b:2"});
  write.Tried({.attempts = {Attempt("a:1", Delivery::kAnswered, 201),
                            Attempt("b:2", Delivery::kUnanswered)},
               .digest = {}});
  EXPECT_TRUE(write.Abandon());
  EXPECT_THAT(Places(), ElementsAre("a:1", "b:2 (unanswered)"));
}

TEST_F(BlobWriteTest, DroppedLeavesADeadIntent) {
  {
    BlobWrite write(*index_, handled_, kId);
    Announce(write, {"a:1"});
  }
  EXPECT_THAT(Places(), ElementsAre("a:1"));
  EXPECT_EQ(Read().pending().blobs(0).kind(), format::PendingBlob::INTENT);
}

}  // namespace
}  // namespace mkv
