// Of a key that is overwritten all the time, most of the garbage lies in batches of its own
// (KeyState::Commit): each change would have to write all of it again otherwise.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/store/key_state.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

class GarbageBatches : public ::testing::Test {
 protected:
  static Record TheRecord() { return {.unlinked = false, .hash = {}, .volumes = {"a:1", "b:2"}}; }
  static format::ObjectMetadata Metadata(Generation generation) {
    format::ObjectMetadata metadata;
    metadata.set_generation(generation);
    return metadata;
  }
  static std::int64_t Later() { return WallClockMicros() + 60'000'000; }

  // As many PUTs over the same key as `last` says, from generation `first` on.
  void Overwrite(Generation first, Generation last) {
    for (Generation generation = first; generation <= last; ++generation) {
      KeyState state = Read();
      if (state.object()) state.AddGarbage(*state.object(), {"a:1", "b:2"}, generation, Later());
      state.SetObject(TheRecord(), Metadata(generation));
      ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
    }
  }
  std::vector<std::uint64_t> Batches() const {
    std::vector<std::uint64_t> numbers;
    const std::unique_ptr<Index::Iterator> entries = index_->NewIterator();
    for (entries->Seek(kGarbagePrefix);
         entries->Valid() && entries->key().starts_with(kGarbagePrefix); entries->Next()) {
      const std::optional<GarbageKeyParts> parts = ParseGarbageKey(entries->key());
      if (parts && parts->key == "/key") numbers.push_back(parts->batch);
    }
    return numbers;
  }
  std::set<Generation> AllGenerations() const {
    std::set<Generation> generations;
    const format::Pending all = KeyState::AllPending(*index_, "/key");
    for (const format::PendingBlob& blob : all.blobs()) generations.insert(blob.generation());
    return generations;
  }

  KeyState Read() { return KeyState::Read(*index_, "/key"); }

  const testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path() / "index");
};

TEST_F(GarbageBatches, KeepThePendingEntryShortHoweverOftenAKeyIsOverwritten) {
  Overwrite(1, 1000);
  EXPECT_LT(index_->Get(PendingKey("/key"))->size(), 2000U);
  std::set<Generation> expected;
  for (Generation generation = 1; generation < 1000; ++generation) expected.insert(generation);
  EXPECT_EQ(AllGenerations(), expected) << "nothing may be forgotten";
}

TEST_F(GarbageBatches, KeepThePlainPathAndTheirGenerationsFromBeingUsedAgain) {
  Overwrite(1, 100);
  KeyState state = Read();
  state.RemoveObject();
  const format::Pending pending = state.pending();
  for (const format::PendingBlob& blob : pending.blobs()) state.RemovePending(blob.id());
  ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));

  const KeyState after = Read();
  EXPECT_EQ(after.pending().blobs_size(), 0);
  EXPECT_FALSE(after.PlainPathIsFree());
  EXPECT_GT(after.GreatestGeneration(), 50U);
  EXPECT_EQ(after.GreatestGeneration(), *AllGenerations().rbegin());
}

TEST_F(GarbageBatches, GoWhenTheLastOfTheirBlobsIsRemoved) {
  Overwrite(1, 100);
  for (const std::uint64_t batch : Batches()) {
    KeyState state = Read();
    state.ReadBatch(*index_, batch);
    for (const format::PendingBlob* const blob : state.PendingBlobs()) {
      EXPECT_EQ(state.FindPending(blob->id()), blob);
    }
    std::vector<std::uint64_t> ids;
    for (const format::PendingBlob* const blob : state.PendingBlobs()) ids.push_back(blob->id());
    for (const std::uint64_t id : ids) state.RemovePending(id);
    ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
  }
  EXPECT_TRUE(Batches().empty());
  EXPECT_EQ(index_->Get(PendingKey("/key")), std::nullopt);
}

TEST_F(GarbageBatches, AreNotCommittedOverAChange) {
  Overwrite(1, 100);
  const std::uint64_t batch = Batches().front();
  KeyState state = Read();
  state.ReadBatch(*index_, batch);
  Batch other;
  other.Put(GarbageKey("/key", batch), "");
  ASSERT_TRUE(index_->Write(other, Index::Durability::kOrdered));
  state.RemovePending(batch);
  EXPECT_FALSE(state.Commit(*index_, Index::Durability::kOrdered));
}

TEST_F(GarbageBatches, TakeNothingThatSomebodyMayStillAskFor) {
  Overwrite(1000, 1000);
  KeyState state = Read();
  for (int i = 0; i < 100; ++i) {
    format::PendingBlob& blob = *state.MutablePending().add_blobs();
    blob.set_id(i + 1);
    blob.set_kind(i < 20 ? format::PendingBlob::INTENT : format::PendingBlob::GARBAGE);
    blob.set_generation(i < 40 ? 1000 : i < 60 ? kPlain : 7);
    blob.set_not_before_us(i < 80 ? Later() : 0);
    blob.set_only_sidecar(i % 2 == 0);
    blob.add_places()->set_volume("a:1");
  }
  ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
  // Neither intents, nor what lies where the value does, nor the plain path, nor what is being
  // deleted already, nor sidecars alone.
  EXPECT_EQ(Read().pending().blobs_size(), 90);
  const format::Pending batch = [&] {
    format::Pending pending;
    EXPECT_TRUE(
        pending.ParseFromString(index_->Get(GarbageKey("/key", Batches().front())).value()));
    return pending;
  }();
  ASSERT_EQ(batch.blobs_size(), 10);
  for (const format::PendingBlob& blob : batch.blobs()) {
    EXPECT_GT(blob.id(), 60U);
    EXPECT_LE(blob.id(), 80U);
    EXPECT_FALSE(blob.only_sidecar());
  }
}

TEST_F(GarbageBatches, OfOneKeyAreNotThoseOfAnother) {
  Overwrite(1, 40);
  const std::size_t own = AllGenerations().size();
  // Its name is that of a batch of the other's.
  for (Generation generation = 1001; generation <= 1040; ++generation) {
    KeyState state = KeyState::Read(*index_, "/key.0000000000000000");
    if (state.object()) state.AddGarbage(*state.object(), {"a:1"}, generation, Later());
    state.SetObject(TheRecord(), Metadata(generation));
    ASSERT_TRUE(state.Commit(*index_, Index::Durability::kOrdered));
  }
  EXPECT_EQ(AllGenerations().size(), own);
  EXPECT_LE(*AllGenerations().rbegin(), 40U);
}

}  // namespace
}  // namespace mkv
