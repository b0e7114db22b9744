#include "mkvcore/store/replica_repairer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "mkvcore/volumes/memory_source.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;

using ReplicaRepairerTest = testing::LoopStoreTest;

TEST_F(ReplicaRepairerTest, EndsAfterTheRepairUnderWayHoweverManyAreQueued) {
  constexpr int kKeys = 20;
  for (int i = 0; i < kKeys; ++i) {
    MemorySource source("value");
    ASSERT_EQ(store_->Replace("/key" + std::to_string(i), source, {}).outcome, Outcome::kDone);
  }
  for (auto& volume : volumes_) volume.Pause();
  auto repairer = std::make_optional<ReplicaRepairer>(*store_);
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "/key" + std::to_string(i);
    repairer->Schedule(key, {store_->Find(key)->record.volumes.front()});
  }
  // A repair asks all volumes, and waits for each for a second at least.
  const auto began = std::chrono::steady_clock::now();
  repairer.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, kKeys * 1s / 2);
  for (auto& volume : volumes_) volume.Resume();
}

TEST_F(ReplicaRepairerTest, ACopyThatIsBrokenOffLeavesTheKeyAsItWas) {
  const std::string value(1 << 20, 'v');
  MemorySource source(value);
  ASSERT_EQ(store_->Replace("/key", source, {}).outcome, Outcome::kDone);
  const Object before = *store_->Find("/key");
  const std::string lost = before.record.volumes.front();
  store_->BreakOff();
  EXPECT_THROW(store_->RebalanceQuietly("/key", {lost}), BrokenOff);
  EXPECT_EQ(store_->Find("/key")->record, before.record);
  EXPECT_EQ(store_->Find("/key")->generation(), before.generation());
  EXPECT_EQ(Values("/key"), std::vector(2, value));
  EXPECT_TRUE(Pending("/key").empty());
}

}  // namespace
}  // namespace mkv
