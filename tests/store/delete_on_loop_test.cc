// DELETEs on an event loop: what they leave in the index and on real volumes, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mkvcore/store/loop_sync.h"
#include "mkvcore/volumes/memory_source.h"
#include "tests/store/loop_store_test.h"

namespace mkv {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TestVolume;
using namespace std::chrono_literals;

// An index whose syncs can be held, and can fail.
class HeldIndex : public Index {
 public:
  explicit HeldIndex(Index& index) : index_(index) {}

  void Hold() { SetHeld(true); }
  void Release() { SetHeld(false); }
  void FailSyncs() { failing_ = true; }
  int syncs() const { return syncs_; }

  std::optional<std::string> Get(std::string_view key) const override { return index_.Get(key); }
  std::unique_ptr<Iterator> NewIterator() const override { return index_.NewIterator(); }
  [[nodiscard]] std::optional<Stamp> Write(const Batch& batch, Durability durability) override {
    return index_.Write(batch, durability);
  }
  bool MayStall() const override { return index_.MayStall(); }
  void Sync() override {
    ++syncs_;
    std::unique_lock lock(mutex_);
    released_.wait(lock, [this] { return !held_; });
    if (failing_) throw IndexError("on purpose");
    index_.Sync();
  }

 private:
  void SetHeld(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    released_.notify_all();
  }

  Index& index_;
  std::atomic<int> syncs_ = 0;
  std::atomic<bool> failing_ = false;
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
};

class DeleteOnLoop : public testing::LoopStoreTest {
 public:
  ~DeleteOnLoop() override {
    index().Release();
    OnLoop([this] { sync_.reset(); });
    DropLoopClient();
  }

 protected:
  DeleteOnLoop() {
    store_->SetGarbageListener([this](std::int64_t) { ++told_; });
    OnLoop([this] { sync_ = std::make_unique<LoopSync>(loop_, index()); });
  }

  // Where the value lies.
  std::vector<BlobLocation> StoreValue(const std::string& key) {
    auto begun = store_->BeginPut(key);
    MemorySource source("value");
    const auto& token = std::get<WritersUnderWay::Token>(begun);
    EXPECT_EQ(store_->PutNew(key, token, source, {}).outcome, Outcome::kDone);
    return store_->Find(key)->Replicas();
  }
  std::vector<std::optional<std::string>> Files(const std::vector<BlobLocation>& blobs) {
    std::vector<std::optional<std::string>> files;
    for (const BlobLocation& blob : blobs) files.push_back(Volume(blob.volume).File(blob.path));
    return files;
  }
  struct End {
    Outcome outcome;
    std::exception_ptr error;
  };
  std::future<End> Delete(const std::string& key) {
    auto promise = std::make_shared<std::promise<End>>();
    auto future = promise->get_future();
    loop_.Post([=, this] {
      EXPECT_TRUE(store_->MayChangeOnLoop(*loop_client_));
      store_->DeleteOnLoop(*loop_client_, *sync_, key,
                           [promise](Outcome outcome, const std::exception_ptr& error) {
                             promise->set_value({outcome, error});
                           });
    });
    return future;
  }

  HeldIndex& index() { return held_index_; }

  HeldIndex held_index_{*index_};
  std::unique_ptr<LoopSync> sync_;
  std::atomic<int> told_ = 0;  // that there is garbage
};

TEST_F(DeleteOnLoop, RemovesTheKeyAndItsFiles) {
  const auto blobs = StoreValue("/key");
  ASSERT_THAT(Files(blobs), Each(std::optional<std::string>("value")));
  EXPECT_EQ(Delete("/key").get().outcome, Outcome::kDone);
  EXPECT_FALSE(store_->Find("/key"));
  EXPECT_THAT(Files(blobs), Each(std::nullopt));
  EXPECT_THAT(Pending("/key"), IsEmpty());
  EXPECT_EQ(Delete("/key").get().outcome, Outcome::kMissing);
  EXPECT_EQ(told_, 0);
}

TEST_F(DeleteOnLoop, AsksNoVolumeBeforeTheIndexIsSynced) {
  const auto blobs = StoreValue("/key");
  index().Hold();
  auto deleted = Delete("/key");
  EXPECT_EQ(deleted.wait_for(200ms), std::future_status::timeout);
  EXPECT_FALSE(store_->Find("/key"));
  EXPECT_THAT(Files(blobs), Each(std::optional<std::string>("value")));
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  EXPECT_TRUE(store_->handled().Contains(Pending("/key")[0].id()));
  index().Release();
  EXPECT_EQ(deleted.get().outcome, Outcome::kDone);
  EXPECT_THAT(Files(blobs), Each(std::nullopt));
}

TEST_F(DeleteOnLoop, ManyShareASync) {
  for (int i = 0; i < 6; ++i) (void)StoreValue("/key" + std::to_string(i));
  index().Hold();
  std::vector<std::future<End>> deleted;
  deleted.push_back(Delete("/key0"));
  while (index().syncs() == 0) std::this_thread::sleep_for(1ms);
  for (int i = 1; i < 6; ++i) deleted.push_back(Delete("/key" + std::to_string(i)));
  AwaitLoop();
  index().Release();
  for (auto& one : deleted) EXPECT_EQ(one.get().outcome, Outcome::kDone);
  EXPECT_EQ(index().syncs(), 2);
}

TEST_F(DeleteOnLoop, SyncThatFailsLeavesTheFilesAsGarbage) {
  const auto blobs = StoreValue("/key");
  index().FailSyncs();
  const End end = Delete("/key").get();
  EXPECT_THROW(std::rethrow_exception(end.error), IndexError);
  AwaitLoop();
  EXPECT_THAT(Files(blobs), Each(std::optional<std::string>("value")));
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  EXPECT_EQ(Pending("/key")[0].places_size(), 2);
  EXPECT_FALSE(store_->handled().Contains(Pending("/key")[0].id()));
  EXPECT_GT(told_, 0);
}

TEST_F(DeleteOnLoop, KeyIsBusyMeanwhileAndFreeAfterwards) {
  (void)StoreValue("/key");
  index().Hold();
  auto deleted = Delete("/key");
  EXPECT_EQ(Delete("/key").get().outcome, Outcome::kBusy);
  index().Release();
  EXPECT_EQ(deleted.get().outcome, Outcome::kDone);
  (void)StoreValue("/key");
}

TEST_F(DeleteOnLoop, WhatADeadVolumeHasStaysPending) {
  const auto blobs = StoreValue("/key");
  Volume(blobs[0].volume).Kill();
  EXPECT_EQ(Delete("/key").get().outcome, Outcome::kDone);
  EXPECT_FALSE(Volume(blobs[1].volume).File(blobs[1].path));
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  ASSERT_EQ(Pending("/key")[0].places_size(), 1);
  EXPECT_EQ(Pending("/key")[0].places(0).volume(), blobs[0].volume);
  EXPECT_GT(told_, 0);
}

TEST_F(DeleteOnLoop, VolumeThatIsKnownToBeDownIsNotAsked) {
  const auto blobs = StoreValue("/key");
  for (const BlobLocation& blob : blobs) health_.Failed(blob.volume, "on purpose");
  EXPECT_EQ(Delete("/key").get().outcome, Outcome::kDone);
  EXPECT_THAT(Files(blobs), Each(std::optional<std::string>("value")));
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  EXPECT_EQ(Pending("/key")[0].places_size(), 2);
}

TEST_F(DeleteOnLoop, LoopThatEndsUnderItLeavesGarbage) {
  const auto blobs = StoreValue("/key");
  for (TestVolume& volume : volumes_) volume.Pause();
  auto never = Delete("/key");
  EXPECT_EQ(never.wait_for(200ms), std::future_status::timeout);
  DropLoopClient();
  for (TestVolume& volume : volumes_) volume.Resume();
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  EXPECT_EQ(Pending("/key")[0].places_size(), 2);
  EXPECT_FALSE(store_->handled().Contains(Pending("/key")[0].id()));
  EXPECT_TRUE(store_->handled().IsInDoubt(Pending("/key")[0].id())) << "the DELETEs may yet land";
  EXPECT_GT(told_, 0);
}

TEST_F(DeleteOnLoop, LoopSyncThatEndsTellsNobodyAnyMore) {
  const auto blobs = StoreValue("/key");
  index().Hold();
  auto never = Delete("/key");
  while (index().syncs() == 0) std::this_thread::sleep_for(1ms);
  std::thread release([this] {
    std::this_thread::sleep_for(50ms);
    index().Release();
  });
  OnLoop([this] { sync_.reset(); });  // waits for it
  release.join();
  DropLoopClient();
  ASSERT_THAT(Pending("/key"), SizeIs(1));
  (void)never;
}

}  // namespace
}  // namespace mkv
