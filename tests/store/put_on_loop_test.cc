// PUTs on an event loop: what they leave in the index and on real volumes, also when those fail.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using testing::TestVolume;
using namespace std::chrono_literals;

class PutOnLoop : public testing::LoopStoreTest {
 protected:
  std::future<Store::LoopPutEnd> Put(const std::string& key, const std::string& value,
                                     bool replaces = false,
                                     const Store::ReplaceRequest& request = {}) {
    auto promise = std::make_shared<std::promise<Store::LoopPutEnd>>();
    auto future = promise->get_future();
    loop_.Post([=, this] {
      const auto held = std::make_shared<const std::string>(value);
      const auto done = [promise](Store::LoopPutEnd end) { promise->set_value(std::move(end)); };
      EXPECT_TRUE(store_->MayPutOnLoop(*loop_client_, value.size()));
      if (replaces) return store_->ReplaceOnLoop(*loop_client_, key, held, request, done);
      auto begun = store_->BeginPut(key);
      if (const Outcome* refused = std::get_if<Outcome>(&begun)) {
        return done({{*refused, std::nullopt}, nullptr, nullptr});
      }
      store_->PutNewOnLoop(*loop_client_, key, std::move(std::get<WritersUnderWay::Token>(begun)),
                           held, done);
    });
    return future;
  }
};

TEST_F(PutOnLoop, IsForSmallValuesOfKnownLength) {
  OnLoop([this] {
    EXPECT_TRUE(store_->MayPutOnLoop(*loop_client_, 0));
    EXPECT_TRUE(store_->MayPutOnLoop(*loop_client_, 64 << 10));
    EXPECT_FALSE(store_->MayPutOnLoop(*loop_client_, (64 << 10) + 1));
    EXPECT_FALSE(store_->MayPutOnLoop(*loop_client_, std::nullopt));
  });
}

TEST_F(PutOnLoop, StoresOnAllReplicas) {
  const Store::LoopPutEnd end = Put("/key", "value").get();
  EXPECT_EQ(end.result.outcome, Outcome::kDone);
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"value", "value"}));
  EXPECT_EQ(store_->Find("/key")->record.volumes, store_->placement()->Choose("/key"));
  EXPECT_EQ(store_->Find("/key")->record.hash, "2063c1608d6e0baf80249c42e2be5804");
  EXPECT_EQ(Pending("/key").size(), 0u);
}

TEST_F(PutOnLoop, ExistingKeyStaysAsItIs) {
  EXPECT_EQ(Put("/key", "value").get().result.outcome, Outcome::kDone);
  EXPECT_EQ(Put("/key", "other").get().result.outcome, Outcome::kExists);
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"value", "value"}));
}

TEST_F(PutOnLoop, ReplacesWithASidecar) {
  EXPECT_EQ(Put("/key", "value").get().result.outcome, Outcome::kDone);
  Store::ReplaceRequest request;
  request.sidecar = [](const format::ObjectMetadata&) { return "{}"; };
  const Store::LoopPutEnd end = Put("/key", "other", true, request).get();
  ASSERT_EQ(end.result.outcome, Outcome::kDone);
  EXPECT_TRUE(end.result.object->has_sidecar());
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"other", "other"}));
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_EQ(Pending("/key")[0].kind(), format::PendingBlob::GARBAGE);
}

TEST_F(PutOnLoop, ConditionThatThrowsLeavesNothing) {
  Store::ReplaceRequest request;
  request.describe = [](format::ObjectMetadata&) { throw std::runtime_error("on purpose"); };
  const Store::LoopPutEnd end = Put("/key", "value", true, request).get();
  EXPECT_TRUE(end.error);
  EXPECT_FALSE(store_->Find("/key"));
  for (const format::PendingBlob& blob : Pending("/key")) {
    EXPECT_EQ(blob.kind(), format::PendingBlob::GARBAGE);
  }
  // And the key is free again.
  EXPECT_EQ(Put("/key", "value").get().result.outcome, Outcome::kDone);
}

TEST_F(PutOnLoop, NextVolumeStepsInForADeadOne) {
  FirstChoice("/key").Kill();
  Store::LoopPutEnd end = Put("/key", "value").get();
  ASSERT_TRUE(end.on_worker);
  EXPECT_FALSE(store_->Find("/key"));
  EXPECT_EQ(Put("/key", "other").get().result.outcome, Outcome::kBusy);
  EXPECT_EQ(end.on_worker().outcome, Outcome::kDone);
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"value", "value"}));
  EXPECT_EQ(Pending("/key").size(), 0u) << "nothing was sent to the dead one";
  // The dead one is known by now.
  EXPECT_EQ(Put("/key2", "value").get().result.outcome, Outcome::kDone);
}

TEST_F(PutOnLoop, VolumeThatMayStillStoreItIsNotForgotten) {
  TestVolume& paused = FirstChoice("/key");
  paused.Pause();
  Store::LoopPutEnd end = Put("/key", "value").get();
  ASSERT_TRUE(end.on_worker);
  EXPECT_EQ(end.on_worker().outcome, Outcome::kDone);
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"value", "value"}));
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_EQ(Pending("/key")[0].kind(), format::PendingBlob::GARBAGE);
  ASSERT_EQ(Pending("/key")[0].places_size(), 1);
  EXPECT_EQ(Pending("/key")[0].places(0).volume(), paused.name());
  EXPECT_TRUE(Pending("/key")[0].places(0).unanswered());
  paused.Resume();
}

TEST_F(PutOnLoop, TooFewVolumesLeaveTheKeyFree) {
  volumes_[0].Kill();
  volumes_[1].Kill();
  Store::LoopPutEnd end = Put("/key", "value").get();
  ASSERT_TRUE(end.on_worker);
  EXPECT_EQ(end.on_worker().outcome, Outcome::kVolumesFailed);
  EXPECT_FALSE(store_->Find("/key"));
  for (auto* volume : {&volumes_[0], &volumes_[1]}) volume->Start();
  EXPECT_EQ(Put("/key", "other").get().result.outcome, Outcome::kDone);
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"other", "other"}));
}

TEST_F(PutOnLoop, WhatNoWorkerTakesOverBecomesGarbage) {
  FirstChoice("/key").Kill();
  Store::LoopPutEnd end = Put("/key", "value").get();
  ASSERT_TRUE(end.on_worker);
  end = {};
  AwaitLoop();  // which may still hold it
  EXPECT_FALSE(store_->Find("/key"));
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_EQ(Pending("/key")[0].kind(), format::PendingBlob::GARBAGE);
  EXPECT_EQ(Pending("/key")[0].places_size(), 1) << "the volume that stored it";
}

TEST_F(PutOnLoop, LoopThatEndsUnderItLeavesGarbageThatMayStillLand) {
  for (TestVolume& volume : volumes_) volume.Pause();
  auto never = Put("/key", "value");
  EXPECT_EQ(never.wait_for(100ms), std::future_status::timeout);
  DropLoopClient();
  for (TestVolume& volume : volumes_) volume.Resume();
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_EQ(Pending("/key")[0].kind(), format::PendingBlob::GARBAGE);
  ASSERT_EQ(Pending("/key")[0].places_size(), 2);
  EXPECT_TRUE(Pending("/key")[0].places(0).unanswered());
}

}  // namespace
}  // namespace mkv
