// A rebalance of the whole store: what it counts, and how it ends.
#include "mkvcore/store/rebalance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "mkvcore/volumes/memory_source.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using ::testing::Each;

class RebalanceOfAll : public testing::LoopStoreTest,
                       public ::testing::WithParamInterface<unsigned> {
 protected:
  RebalanceOfAll() { Place(0, 1); }

  // Every key belongs on these two.
  void Place(std::size_t one, std::size_t other) {
    store_->SetPlacement(
        std::make_shared<const Placement>(std::vector{names_[one], names_[other]}, 2, 1));
  }
  // Of this many bytes each.
  void Put(const std::string& prefix, int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) {
      const std::string key = prefix + std::to_string(i);
      MemorySource source(std::string(bytes, 'v'));
      ASSERT_EQ(store_->Replace(key, source, {}).outcome, Outcome::kDone);
      keys_.push_back(key);
    }
  }
  // From all volumes.
  void Lose(const std::string& key) {
    MemorySource source("value");
    ASSERT_EQ(store_->Replace(key, source, {}).outcome, Outcome::kDone);
    for (testing::TestVolume& volume : volumes_) {
      std::filesystem::remove(volume.folder().string() + BlobPath(key, kPlain));
    }
  }
  RebalanceSummary Rebalance() { return RebalanceAll(*store_, {.threads = GetParam()}, {}, stop_); }

  std::vector<std::string> keys_;  // that can be moved
  std::atomic<bool> stop_ = false;
  int asked_ = 0;
};

TEST_P(RebalanceOfAll, CountsSmallAndLargeKeysAndThoseThatFail) {
  Put("/a", 15, 10);
  Lose("/b lost");
  Put("/c", 3, 100'000);
  Batch batch;
  batch.Put("/d not understood", "HASHxyz");
  ASSERT_TRUE(index_->Write(batch, Index::Durability::kOrdered));
  Put("/e", 15, 10);
  Place(1, 2);

  const RebalanceSummary summary = Rebalance();
  EXPECT_EQ(summary.total, 35U);
  EXPECT_EQ(summary.done, 35U);
  EXPECT_EQ(summary.moved, 33U);
  EXPECT_EQ(summary.failed, 2U);
  EXPECT_EQ(summary.busy, 0U);
  EXPECT_EQ(summary.away, 0U);
  EXPECT_FALSE(summary.interrupted);
  for (const std::string& key : keys_) {
    EXPECT_EQ(store_->Find(key)->record.volumes, store_->placement()->Choose(key)) << key;
    EXPECT_EQ(Values(key).size(), 2U);
    EXPECT_THAT(Values(key), Each(Values(key).front()));
    EXPECT_EQ(Values(key).front().front(), 'v');
  }

  const RebalanceSummary again = Rebalance();
  EXPECT_EQ(again.done, 35U);
  EXPECT_EQ(again.moved, 0U);
  EXPECT_EQ(again.failed, 2U);
}

TEST_P(RebalanceOfAll, OfNoKeysEnds) {
  const RebalanceSummary summary = Rebalance();
  EXPECT_EQ(summary.total, 0U);
  EXPECT_TRUE(summary.ok());
}

// Two for each thread.
TEST_P(RebalanceOfAll, OfAsManyKeysAsAGroupHasEnds) {
  Put("/a", static_cast<int>(2 * GetParam()), 10);
  Place(1, 2);
  const RebalanceSummary summary = Rebalance();
  EXPECT_EQ(summary.moved, 2 * GetParam());
  EXPECT_TRUE(summary.ok());
}

TEST_P(RebalanceOfAll, IsInterruptedBeforeItsFirstKey) {
  Put("/a", 5, 10);
  Place(1, 2);
  const auto progress = [this](const RebalanceSummary&) { stop_ = true; };
  const RebalanceSummary summary = RebalanceAll(*store_, {.threads = GetParam()}, progress, stop_);
  EXPECT_TRUE(summary.interrupted);
  EXPECT_EQ(summary.total, 5U);
  EXPECT_EQ(summary.done, 0U);
}

// While a volume is waited for, so that groups are under way and other threads wait for these.
TEST_P(RebalanceOfAll, IsInterruptedOnItsWay) {
  Put("/a", 30, 10);
  Place(1, 2);
  volumes_[2].Pause();
  const auto progress = [this](const RebalanceSummary& summary) {
    // The first time is before any key.
    if (asked_++ == 1) stop_ = true;
    EXPECT_EQ(summary.total, 30U);
  };
  const RebalanceSummary summary = RebalanceAll(*store_, {.threads = GetParam()}, progress, stop_);
  EXPECT_TRUE(summary.interrupted);
  EXPECT_FALSE(summary.ok());
  EXPECT_LT(summary.done, 30U);
  EXPECT_EQ(summary.moved, 0U);
  volumes_[2].Resume();
  for (const std::string& key : keys_) EXPECT_EQ(Values(key).size(), 2U);
}

TEST_P(RebalanceOfAll, CountsAKeyWhoseSidecarAVolumeRefusesAsFailed) {
  Put("/a", 5, 10);
  MemorySource source("value");
  Store::ReplaceRequest request;
  request.describe = [](format::ObjectMetadata& metadata) { metadata.add_tags()->set_key("t"); };
  request.sidecar = [](const format::ObjectMetadata&) { return "{}"; };
  ASSERT_EQ(store_->Replace("/refused", source, request).outcome, Outcome::kDone);
  volumes_[2].MakeFolder(SidecarPath("/refused", kPlain));
  Place(1, 2);
  const RebalanceSummary summary = Rebalance();
  EXPECT_EQ(summary.moved, 5U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(summary.busy, 0U);
}

INSTANTIATE_TEST_SUITE_P(Threads, RebalanceOfAll, ::testing::Values(1U, 3U));

}  // namespace
}  // namespace mkv
