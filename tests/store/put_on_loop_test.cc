// PUTs on an event loop: what they leave in the index and on real volumes, also when those fail.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
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

class PutWithSidecar : public PutOnLoop {
 protected:
  // How often it was asked to describe the value is kept in `described_`.
  Store::ReplaceRequest Request() {
    Store::ReplaceRequest request;
    request.describe = [this](format::ObjectMetadata& metadata) {
      ++described_;
      metadata.add_headers()->set_name("x-amz-meta-a");
    };
    request.sidecar = [](const format::ObjectMetadata&) { return "{}"; };
    return request;
  }
  // Of the key's plain path, one after the other in the record's order.
  std::vector<std::string> Sidecars(const std::string& key) {
    std::vector<std::string> sidecars;
    const std::optional<Object> object = store_->Find(key);
    for (const std::string& volume : object->record.volumes) {
      sidecars.push_back(Volume(volume).File(SidecarPath(key, kPlain)).value_or("none"));
    }
    return sidecars;
  }

  std::atomic<int> described_ = 0;
};

TEST_F(PutWithSidecar, SendsItTogetherWithTheBlob) {
  for (TestVolume& volume : volumes_) volume.Pause();
  auto never = Put("/key", "value", true, Request());
  EXPECT_EQ(never.wait_for(300ms), std::future_status::timeout);
  DropLoopClient();
  for (TestVolume& volume : volumes_) volume.Resume();
  // Both were on their way before any of them was answered.
  const auto arrived = [this](const std::string& path) {
    int count = 0;
    for (TestVolume& volume : volumes_) count += volume.File(path).has_value() ? 1 : 0;
    return count;
  };
  for (int i = 0; i < 100 && arrived(SidecarPath("/key", kPlain)) < 2; ++i) {
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(arrived(BlobPath("/key", kPlain)), 2);
  EXPECT_EQ(arrived(SidecarPath("/key", kPlain)), 2);
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_TRUE(Pending("/key")[0].sidecar());
  EXPECT_EQ(Pending("/key")[0].places_size(), 2);
}

TEST_F(PutWithSidecar, FollowsItsBlobToTheNextVolume) {
  FirstChoice("/key").Kill();
  Store::LoopPutEnd end = Put("/key", "value", true, Request()).get();
  ASSERT_TRUE(end.on_worker);
  const Store::PutResult result = end.on_worker();
  ASSERT_EQ(result.outcome, Outcome::kDone);
  EXPECT_EQ(described_, 1);
  EXPECT_EQ(result.object->metadata->headers_size(), 1);
  EXPECT_EQ(Values("/key"), (std::vector<std::string>{"value", "value"}));
  EXPECT_EQ(Sidecars("/key"), (std::vector<std::string>{"{}", "{}"}));
  EXPECT_EQ(Pending("/key").size(), 0u);
}

TEST_F(PutWithSidecar, ThatAVolumeWithTheBlobRefusesFailsThePut) {
  // A folder is in its way there.
  TestVolume& refusing = FirstChoice("/key");
  refusing.MakeFolder(SidecarPath("/key", kPlain));
  const Store::LoopPutEnd end = Put("/key", "value", true, Request()).get();
  EXPECT_FALSE(end.on_worker);
  EXPECT_EQ(end.result.outcome, Outcome::kVolumesFailed);
  EXPECT_FALSE(store_->Find("/key"));
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_EQ(Pending("/key")[0].kind(), format::PendingBlob::GARBAGE);
  EXPECT_EQ(Pending("/key")[0].places_size(), 2) << "both have the blob";
}

TEST_F(PutWithSidecar, OfAVolumeThatDoesNotAnswerIsWaitedForWithItsBlob) {
  TestVolume& paused = FirstChoice("/key");
  paused.Pause();
  Store::LoopPutEnd end = Put("/key", "value", true, Request()).get();
  ASSERT_TRUE(end.on_worker);
  EXPECT_EQ(end.on_worker().outcome, Outcome::kDone);
  EXPECT_EQ(Sidecars("/key"), (std::vector<std::string>{"{}", "{}"}));
  ASSERT_EQ(Pending("/key").size(), 1u);
  EXPECT_TRUE(Pending("/key")[0].sidecar());
  ASSERT_EQ(Pending("/key")[0].places_size(), 1);
  EXPECT_EQ(Pending("/key")[0].places(0).volume(), paused.name());
  EXPECT_TRUE(Pending("/key")[0].places(0).unanswered());
  paused.Resume();
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
