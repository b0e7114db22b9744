// Requirements that carry a stamp: not read again while it is the key's, and as good as any other
// once it is not. What a requirement says that is not read again can be anything; here it is wrong.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/index/key_locks.h"
#include "mkvcore/index/leveldb_index.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

class StampsTest : public ::testing::Test {
 protected:
  // The stamp of the write; nullopt: refused.
  std::optional<Stamp> Put(const std::string& key, const std::string& value,
                           const std::optional<std::string>& required = std::nullopt,
                           Stamp stamp = 0) {
    Batch batch;
    if (required) batch.Require(key, *required, stamp);
    batch.Put(key, value);
    return index_->Write(batch, Index::Durability::kOrdered);
  }
  Stamp StampOf(const std::string& key) const {
    Stamp stamp = 0;
    (void)index_->GetStamped(key, &stamp);
    return stamp;
  }

  const testing::TempFolder folder_;
  const std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path());
};

TEST_F(StampsTest, AreGivenForKeysThatAreThereAndForOthers) {
  Stamp stamp = 0;
  EXPECT_EQ(index_->GetStamped("/key", &stamp), std::nullopt);
  EXPECT_NE(stamp, 0u);
  ASSERT_TRUE(Put("/key", "value"));
  Stamp later = 0;
  EXPECT_EQ(index_->GetStamped("/key", &later), "value");
  EXPECT_GT(later, stamp);
  EXPECT_EQ(index_->StampOf("/key"), later);
}

TEST_F(StampsTest, SpareTheReadingWhileNobodyWrites) {
  ASSERT_TRUE(Put("/key", "value"));
  EXPECT_TRUE(Put("/key", "next", "wrong", StampOf("/key")));
  EXPECT_EQ(index_->Get("/key"), "next");
}

TEST_F(StampsTest, OfEarlierTimesAreNotEnough) {
  ASSERT_TRUE(Put("/key", "value"));
  const Stamp stamp = StampOf("/key");
  ASSERT_TRUE(Put("/key", "another"));
  EXPECT_FALSE(Put("/key", "next", "value", stamp));
  EXPECT_TRUE(Put("/key", "next", "another", stamp)) << "it says what is there";
}

TEST_F(StampsTest, OfAWriteAreThoseOfAllThatItChangedOrRequired) {
  ASSERT_TRUE(Put("/required", "value"));
  Batch batch;
  batch.Require("/required", "value");
  batch.Require("/absent", std::nullopt);
  batch.Put("/put", "value");
  batch.Delete("/deleted");
  const std::optional<Stamp> stamp = index_->Write(batch, Index::Durability::kOrdered);
  ASSERT_TRUE(stamp);
  for (const std::string key : {"/required", "/absent", "/put", "/deleted"}) {
    EXPECT_EQ(StampOf(key), *stamp) << key;
    EXPECT_TRUE(Put(key, "next", "wrong", *stamp)) << key;
    EXPECT_FALSE(Put(key, "next", "wrong", *stamp)) << key << " was written since";
  }
}

TEST_F(StampsTest, OfAWriteThatOnlyRequiresAreValidToo) {
  Batch batch;
  batch.Require("/key", std::nullopt);
  const std::optional<Stamp> stamp = index_->Write(batch, Index::Durability::kOrdered);
  ASSERT_TRUE(stamp);
  EXPECT_TRUE(Put("/key", "next", "wrong", *stamp));
}

TEST_F(StampsTest, ChangeWithAKeyOfTheSameSlotWhichDoesNoHarm) {
  ASSERT_TRUE(Put("/key", "value"));
  const Stamp stamp = StampOf("/key");
  std::string other = "/0";
  for (int i = 1; KeyLocks::SlotOf(other) != KeyLocks::SlotOf("/key"); ++i) {
    other = "/" + std::to_string(i);
  }
  ASSERT_TRUE(Put(other, "value"));
  EXPECT_NE(StampOf("/key"), stamp);
  EXPECT_FALSE(Put("/key", "next", "wrong", stamp));
  EXPECT_TRUE(Put("/key", "next", "value", stamp));
}

// Who has read what was written does not find the stamp of what was there before it: what he goes
// by could otherwise be older than what he has seen.
TEST_F(StampsTest, OfAnEntryAreGoneBeforeItsSuccessorIsRead) {
  constexpr int kWrites = 20'000;
  ASSERT_TRUE(Put("/key", "0"));
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([this] {
      Stamp stamp = 0;
      for (int seen = 0; seen < kWrites;) {
        // Stamped as `seen` was, or of it: read under this stamp or a later one.
        const int value = std::stoi(index_->Get("/key").value());
        ASSERT_FALSE(value != seen && stamp != 0 && index_->StampOf("/key") == stamp) << value;
        seen = std::stoi(index_->GetStamped("/key", &stamp).value());
      }
    });
  }
  for (int i = 1; i <= kWrites; ++i) ASSERT_TRUE(Put("/key", std::to_string(i)));
}

// Counters, each added to by every thread: from what it read, or from what it last wrote.
TEST_F(StampsTest, LoseNoIncrement) {
  constexpr int kThreads = 6;
  constexpr int kIncrements = 2000;
  const std::vector<std::string> keys = {"/one", "/two", "/three"};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int done = 0; done < kIncrements;) {
        const std::string& key = keys[static_cast<std::size_t>(done + thread) % keys.size()];
        Stamp stamp = 0;
        std::optional<std::string> value = index_->GetStamped(key, &stamp);
        for (int more = 0; more < 2 && done < kIncrements; ++more) {
          Batch batch;
          batch.Require(key, value, stamp);
          value = std::to_string((value ? std::stoi(*value) : 0) + 1);
          batch.Put(key, *value);
          const std::optional<Stamp> written = index_->Write(batch, Index::Durability::kOrdered);
          if (!written) break;
          stamp = *written;
          ++done;
        }
      }
    });
  }
  threads.clear();
  int sum = 0;
  for (const std::string& key : keys) sum += std::stoi(index_->Get(key).value_or("0"));
  EXPECT_EQ(sum, kThreads * kIncrements);
}

}  // namespace
}  // namespace mkv
