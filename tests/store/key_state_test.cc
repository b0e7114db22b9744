#include "mkvcore/store/key_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

constexpr auto kInOrder = Index::Durability::kOrdered;

class KeyStateTest : public ::testing::Test {
 protected:
  static Record TheRecord() { return {.unlinked = false, .hash = {}, .volumes = {"a:1", "b:2"}}; }
  static format::ObjectMetadata Metadata(Generation generation) {
    format::ObjectMetadata metadata;
    metadata.set_size(5);
    metadata.set_generation(generation);
    return metadata;
  }

  KeyState Read() { return KeyState::Read(*index_, "/key"); }
  void Store(Generation generation) {
    KeyState state = Read();
    state.SetObject(TheRecord(), Metadata(generation));
    ASSERT_TRUE(state.Commit(*index_, kInOrder));
  }
  void PutRaw(const std::string& key, const std::string& value) {
    Batch batch;
    batch.Put(key, value);
    ASSERT_TRUE(index_->Write(batch, kInOrder));
  }

  // As the original does.
  void Delete(const std::string& key) {
    Batch batch;
    batch.Delete(key);
    ASSERT_TRUE(index_->Write(batch, kInOrder));
  }

  const testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path() / "index");
};

TEST_F(KeyStateTest, OfAnUnknownKeyIsEmpty) {
  const KeyState state = Read();
  EXPECT_FALSE(state.object());
  EXPECT_FALSE(state.live());
  EXPECT_TRUE(state.PlainPathIsFree());
  EXPECT_EQ(state.GreatestGeneration(), kPlain);
}

TEST_F(KeyStateTest, HasTheObjectThatWasSet) {
  Store(7);
  const KeyState state = Read();
  ASSERT_TRUE(state.live());
  EXPECT_EQ(state.object()->record, TheRecord());
  EXPECT_EQ(state.object()->metadata->size(), 5U);
  EXPECT_EQ(state.object()->generation(), 7U);
  EXPECT_FALSE(state.PlainPathIsFree());
  EXPECT_EQ(index_->Get("/key"), "a:1,b:2") << "the original's record and nothing more";
}

TEST_F(KeyStateTest, IgnoresMetadataOfAnotherRecord) {
  Store(7);
  PutRaw("/key", "c:3");  // as the original does: it knows nothing of metadata
  const KeyState state = Read();
  ASSERT_TRUE(state.object());
  EXPECT_FALSE(state.object()->metadata);
  EXPECT_TRUE(state.object()->original_spelling());
}

TEST_F(KeyStateTest, IsNotLiveOnceUnlinkedButKeepsItsMetadata) {
  Store(7);
  KeyState state = Read();
  Record record = state.object()->record;
  record.unlinked = true;
  state.SetRecord(record);
  ASSERT_TRUE(state.Commit(*index_, kInOrder));

  const KeyState after = Read();
  EXPECT_FALSE(after.live());
  ASSERT_TRUE(after.object());
  EXPECT_EQ(after.object()->generation(), 7U) << "else its blob could not be found again";
  EXPECT_EQ(index_->Get("/key"), "DELETEDa:1,b:2");
}

// The original's UNLINK changes the record alone.
TEST_F(KeyStateTest, KeepsItsMetadataWhenTheOriginalUnlinksIt) {
  Store(7);
  PutRaw("/key", "DELETEDa:1,b:2");
  KeyState state = Read();
  EXPECT_FALSE(state.live());
  ASSERT_TRUE(state.object() && state.object()->metadata);
  EXPECT_EQ(state.object()->generation(), 7U);
  EXPECT_FALSE(state.leftover());
}

TEST_F(KeyStateTest, QueuesWhatTheOriginalLeftOfAValueThatItDeletedOrReplaced) {
  for (const bool replaced : {false, true}) {
    SCOPED_TRACE(replaced);
    Store(7);
    if (replaced) {
      PutRaw("/key", "c:3");
    } else {
      Delete("/key");
    }
    KeyState state = Read();
    ASSERT_TRUE(state.leftover());
    EXPECT_EQ(state.leftover()->record, TheRecord());
    state.QueueLeftover(*state.leftover(), /*id=*/42, /*not_before_us=*/1000);
    EXPECT_FALSE(state.PlainPathIsFree());
    EXPECT_EQ(state.GreatestGeneration(), 7U);
    ASSERT_TRUE(state.Commit(*index_, kInOrder));

    KeyState after = Read();
    EXPECT_FALSE(after.leftover());
    EXPECT_EQ(after.object().has_value(), replaced) << "the record stays as it was";
    EXPECT_EQ(index_->Get(MetadataKey("/key")), std::nullopt);
    EXPECT_TRUE(after.IsPending(7, "a:1"));
    EXPECT_TRUE(after.IsPending(7, "b:2"));
    EXPECT_FALSE(after.FindPending(42)->only_sidecar());
    after.RemovePending(42);
    after.RemoveObject();
    ASSERT_TRUE(after.Commit(*index_, kInOrder));
  }
}

// Which the original deletes and writes as we do, but for the sidecar.
TEST_F(KeyStateTest, OfAValueOnThePlainPathTheOriginalLeavesTheSidecarAlone) {
  Store(kPlain);
  Delete("/key");
  EXPECT_FALSE(Read().leftover());
  EXPECT_TRUE(Read().PlainPathIsFree());

  KeyState state = Read();
  format::ObjectMetadata metadata = Metadata(kPlain);
  metadata.set_sidecar(true);
  state.SetObject(TheRecord(), metadata);
  ASSERT_TRUE(state.Commit(*index_, kInOrder));
  Delete("/key");
  KeyState deleted = Read();
  ASSERT_TRUE(deleted.leftover());
  deleted.QueueLeftover(*deleted.leftover(), /*id=*/42, /*not_before_us=*/1000);
  EXPECT_TRUE(deleted.FindPending(42)->only_sidecar());
  EXPECT_FALSE(deleted.PlainPathIsFree());

  PutRaw("/key", "c:3");
  EXPECT_FALSE(Read().leftover()) << "there is a value beside it";
}

TEST_F(KeyStateTest, LeavesNothingOfARemovedObject) {
  Store(7);
  KeyState state = Read();
  state.RemoveObject();
  ASSERT_TRUE(state.Commit(*index_, kInOrder));
  EXPECT_EQ(index_->Get("/key"), std::nullopt);
  EXPECT_EQ(index_->Get(MetadataKey("/key")), std::nullopt);
  EXPECT_EQ(index_->Get(PendingKey("/key")), std::nullopt);
}

TEST_F(KeyStateTest, IsNotCommittedOverAChangeOfTheRecord) {
  KeyState state = Read();
  Store(7);
  state.SetObject({.unlinked = false, .hash = {}, .volumes = {"z:9"}}, Metadata(8));
  EXPECT_FALSE(state.Commit(*index_, kInOrder));
  EXPECT_EQ(index_->Get("/key"), "a:1,b:2");
}

TEST_F(KeyStateTest, IsNotCommittedOverAChangeOfTheMetadata) {
  Store(7);
  KeyState state = Read();
  Store(8);  // the same record
  state.RemoveObject();
  EXPECT_FALSE(state.Commit(*index_, kInOrder));
}

TEST_F(KeyStateTest, IsNotCommittedOverAChangeOfWhatIsPending) {
  KeyState state = Read();
  KeyState other = Read();
  other.MutablePending().add_blobs()->set_id(1);
  ASSERT_TRUE(other.Commit(*index_, kInOrder));
  state.SetObject(TheRecord(), Metadata(0));
  EXPECT_FALSE(state.Commit(*index_, kInOrder));
}

class StatesTogether : public KeyStateTest {
 protected:
  // Of the three, in which nothing is noted yet: a value, a removal and something pending.
  void Change() {
    a_.SetObject(TheRecord(), Metadata(8));
    b_.RemoveObject();
    c_.MutablePending().add_blobs()->set_id(1);
  }
  bool Commit() { return KeyState::CommitTogether(*index_, kInOrder, {&a_, &b_, &c_}); }
  KeyState ReadAfterPut(const std::string& key) {
    KeyState state = KeyState::Read(*index_, key);
    state.SetObject(TheRecord(), Metadata(7));
    EXPECT_TRUE(state.Commit(*index_, kInOrder));
    return KeyState::Read(*index_, key);
  }

  KeyState a_ = ReadAfterPut("/a");
  KeyState b_ = ReadAfterPut("/b");
  KeyState c_ = ReadAfterPut("/c");
};

TEST_F(StatesTogether, AreAllCommitted) {
  Change();
  ASSERT_TRUE(Commit());
  EXPECT_EQ(KeyState::Read(*index_, "/a").object()->generation(), 8U);
  EXPECT_FALSE(KeyState::Read(*index_, "/b").object());
  EXPECT_EQ(index_->Get(MetadataKey("/b")), std::nullopt);
  EXPECT_EQ(KeyState::Read(*index_, "/c").pending().blobs_size(), 1);
}

TEST_F(StatesTogether, AreAllRefusedWhenOneOfThemWasChangedMeanwhile) {
  for (const std::string changed : {"/a", "/b", "/c"}) {
    SCOPED_TRACE(changed);
    a_ = ReadAfterPut("/a");
    b_ = ReadAfterPut("/b");
    c_ = ReadAfterPut("/c");
    KeyState other = KeyState::Read(*index_, changed);
    other.SetObject(TheRecord(), Metadata(9));
    ASSERT_TRUE(other.Commit(*index_, kInOrder));
    Change();
    EXPECT_FALSE(Commit());
    for (const std::string key : {"/a", "/b", "/c"}) {
      const KeyState after = KeyState::Read(*index_, key);
      ASSERT_TRUE(after.object()) << key;
      EXPECT_EQ(after.object()->generation(), key == changed ? 9U : 7U) << key;
      EXPECT_EQ(after.pending().blobs_size(), 0) << key;
    }
  }
}

TEST_F(StatesTogether, CanBeChangedFurtherWithoutBeingReadAgain) {
  Change();
  ASSERT_TRUE(Commit());
  EXPECT_EQ(a_.object()->generation(), 8U);
  EXPECT_FALSE(b_.object());
  a_.RemoveObject();
  b_.SetObject(TheRecord(), Metadata(10));
  c_.RemovePending(1);
  ASSERT_TRUE(Commit());
  EXPECT_FALSE(KeyState::Read(*index_, "/a").object());
  EXPECT_EQ(KeyState::Read(*index_, "/b").object()->generation(), 10U);
  EXPECT_EQ(index_->Get(PendingKey("/c")), std::nullopt);
  EXPECT_EQ(c_.object()->generation(), 7U);
}

TEST_F(KeyStateTest, TheNextGenerationIsThatOfNothingPending) {
  Store(7);
  KeyState state = Read();
  EXPECT_EQ(state.NextAfterObject(), 8U);
  for (const Generation generation : {Generation{8}, Generation{9}, Generation{100}}) {
    state.MutablePending().add_blobs()->set_generation(generation);
  }
  EXPECT_EQ(state.NextAfterObject(), 10U) << "and a writer of 100 comes after it";
  state.MutablePending().set_greatest_in_batches(50);
  EXPECT_EQ(state.NextAfterObject(), 51U);
}

TEST_F(KeyStateTest, WithGarbageNoLongerHasThePlainPathFree) {
  Store(7);
  KeyState state = Read();
  state.AddGarbage(*state.object(), {"a:1", "b:2"}, /*id=*/42, /*not_before_us=*/1000);
  state.RemoveObject();
  ASSERT_TRUE(state.Commit(*index_, kInOrder));

  KeyState after = Read();
  EXPECT_FALSE(after.object());
  EXPECT_FALSE(after.PlainPathIsFree());
  EXPECT_EQ(after.GreatestGeneration(), 7U) << "a later write must not reuse it";
  EXPECT_TRUE(after.IsPending(7, "a:1"));
  EXPECT_FALSE(after.IsPending(7, "c:3"));
  EXPECT_FALSE(after.IsPending(8, "a:1"));
  const format::PendingBlob* garbage = after.FindPending(42);
  ASSERT_NE(garbage, nullptr);
  EXPECT_EQ(garbage->kind(), format::PendingBlob::GARBAGE);
  EXPECT_EQ(garbage->not_before_us(), 1000);
  EXPECT_EQ(after.FindPending(43), nullptr);

  after.RemovePending(42);
  ASSERT_TRUE(after.Commit(*index_, kInOrder));
  EXPECT_TRUE(Read().PlainPathIsFree());
  EXPECT_EQ(index_->Get(PendingKey("/key")), std::nullopt);
}

// An entry that waits for a late request deletes the blob as well, once it is no value any more.
TEST_F(KeyStateTest, GarbageIsLeftToItsReadersByWhatElseIsPendingOfIt) {
  Store(7);
  KeyState state = Read();
  for (const std::uint64_t generation : {7U, 8U}) {
    format::PendingBlob& late = *state.MutablePending().add_blobs();
    late.set_id(generation);
    late.set_kind(format::PendingBlob::GARBAGE);
    late.set_generation(generation);
  }
  state.AddGarbage(*state.object(), {"a:1"}, /*id=*/42, /*not_before_us=*/1000);
  EXPECT_EQ(state.FindPending(7)->not_before_us(), 1000);
  EXPECT_EQ(state.FindPending(8)->not_before_us(), 0) << "it is another blob's";
}

TEST_F(KeyStateTest, ThatCanNotBeUnderstoodIsAnError) {
  PutRaw(PendingKey("/key"), "\xff\xff\xff");
  EXPECT_THROW(Read(), IndexError);
  PutRaw("/other", "HASHxyz");
  EXPECT_THROW(KeyState::Read(*index_, "/other"), IndexError);
}

}  // namespace
}  // namespace mkv
