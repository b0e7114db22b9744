// What is left of an index when everything that was not synced is lost.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "tests/index/fragile_disk.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using ::testing::SizeIs;
using namespace std::chrono_literals;

class PowerCutTest : public ::testing::Test {
 protected:
  PowerCutTest() {
    // So small that LevelDB changes its log every few hundred writes.
    options_.write_buffer_bytes = 64 << 10;
    options_.env = &disk_;
    index_ = LevelDbIndex::Open((folder_.path() / "index").string(), options_);
  }

  void Write(int number, Index::Durability durability) {
    Batch batch;
    batch.Put("/" + std::to_string(number), std::string(200, 'v'));
    ASSERT_TRUE(index_->Write(batch, durability));
  }

  std::vector<std::string> Logs() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "index")) {
      if (entry.path().extension() == ".log") names.push_back(entry.path().filename());
    }
    return names;
  }

  void CutPower() {
    disk_.CutPower();
    index_.reset();
    disk_.LoseUnsynced();
    index_ = LevelDbIndex::Open((folder_.path() / "index").string());
  }

  // How many writes from the first on are there; fails if one is there that follows a lost one.
  int Survivors(int written) {
    int first_lost = 0;
    while (first_lost < written && index_->Get("/" + std::to_string(first_lost))) ++first_lost;
    for (int i = first_lost; i < written; ++i) {
      EXPECT_FALSE(index_->Get("/" + std::to_string(i))) << i << " without " << first_lost;
    }
    return first_lost;
  }

  const testing::TempFolder folder_;
  testing::FragileDisk disk_{folder_.path() / "index"};
  LevelDbOptions options_;
  std::unique_ptr<LevelDbIndex> index_;
};

TEST_F(PowerCutTest, SyncedWriteKeepsEveryWriteBeforeIt) {
  // Each round ends with its synced write at another place of a log.
  int written = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 777; ++i) Write(written++, Index::Durability::kOrdered);
    Write(written++, Index::Durability::kSynced);
  }
  CutPower();
  EXPECT_EQ(Survivors(written), written);
}

TEST_F(PowerCutTest, SyncKeepsEveryWriteBeforeIt) {
  for (int i = 0; i < 1000; ++i) Write(i, Index::Durability::kOrdered);
  index_->Sync();
  CutPower();
  EXPECT_EQ(Survivors(1000), 1000);
}

TEST_F(PowerCutTest, UnsyncedWritesAreLostInOrder) {
  for (int i = 0; i < 3000; ++i) Write(i, Index::Durability::kOrdered);
  CutPower();
  const int survivors = Survivors(3000);
  EXPECT_GT(survivors, 0);
  EXPECT_LT(survivors, 3000);
}

TEST_F(PowerCutTest, WhatWasSyncedSurvivesBeingOpenedAndCutAgain) {
  int written = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 400; ++i) Write(written++, Index::Durability::kSynced);
    index_.reset();
    index_ = LevelDbIndex::Open((folder_.path() / "index").string(), options_);
    Write(written++, Index::Durability::kSynced);
    disk_.CutPower();
    index_.reset();
    disk_.LoseUnsynced();
    index_ = LevelDbIndex::Open((folder_.path() / "index").string(), options_);
    ASSERT_EQ(Survivors(written), written) << "round " << round;
  }
}

// LevelDB changes its log and writes the old one into a table; until that is done nothing but the
// write itself can have made the new log's name durable.
TEST_F(PowerCutTest, SyncedWriteInANewLogFileSurvives) {
  disk_.SetSyncTime(".ldb", 1s);
  int written = 0;
  while (Logs().size() < 2) Write(written++, Index::Durability::kOrdered);
  Write(written++, Index::Durability::kSynced);
  CutPower();
  EXPECT_EQ(Survivors(written), written);
}

TEST_F(PowerCutTest, SyncedWritesThatComeTogetherShareASync) {
  constexpr int kThreads = 32;
  constexpr int kWrites = 10;
  disk_.SetSyncTime(".log", 20ms);
  const int syncs_before = disk_.syncs();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < kWrites; ++i) Write(thread * kWrites + i, Index::Durability::kSynced);
    });
  }
  threads.clear();
  // One by one they would be 320. A group is what came while the one before it was synced.
  EXPECT_LT(disk_.syncs() - syncs_before, kThreads * kWrites / 4);
  CutPower();
  EXPECT_EQ(Survivors(kThreads * kWrites), kThreads * kWrites);
}

TEST_F(PowerCutTest, SyncHoldsUpNoOtherWrite) {
  disk_.SetSyncTime(".log", 300ms);
  Write(0, Index::Durability::kOrdered);
  const int syncs_before = disk_.syncs();
  std::atomic<bool> synced = false;
  std::jthread syncing([&] {
    index_->Sync();
    synced = true;
  });
  std::this_thread::sleep_for(50ms);
  Write(1, Index::Durability::kOrdered);
  EXPECT_FALSE(synced);
  syncing.join();
  EXPECT_EQ(disk_.syncs() - syncs_before, 1);
  CutPower();
  EXPECT_GE(Survivors(2), 1);
}

TEST_F(PowerCutTest, SyncsThatComeTogetherShareOne) {
  constexpr int kThreads = 32;
  disk_.SetSyncTime(".log", 500ms);
  const int syncs_before = disk_.syncs();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      Write(thread, Index::Durability::kOrdered);
      index_->Sync();
    });
  }
  threads.clear();
  // That of the first, and one for all who came meanwhile; or one more on a slow machine.
  EXPECT_LE(disk_.syncs() - syncs_before, 4);
  CutPower();
  EXPECT_EQ(Survivors(kThreads), kThreads);
}

// While LevelDB still closes the one it goes on in the other.
TEST_F(PowerCutTest, SyncCoversTheLogThatIsBeingClosed) {
  ASSERT_THAT(Logs(), SizeIs(1));
  disk_.SetSyncTime(Logs().front(), 500ms);
  std::atomic<int> written = 0;
  std::jthread writing([&](const std::stop_token& stop) {
    try {
      while (!stop.stop_requested()) {
        Write(written, Index::Durability::kOrdered);
        ++written;
      }
    } catch (const IndexError&) {
      // The power was cut under it.
    }
  });
  while (Logs().size() < 2) std::this_thread::yield();
  std::this_thread::sleep_for(50ms);  // the new one is in use, and the old one not yet synced
  writing.request_stop();
  const int before = written;
  index_->Sync();
  disk_.CutPower();
  writing.join();
  CutPower();
  EXPECT_GE(Survivors(written + 1), before);
}

TEST_F(PowerCutTest, WritesFailOnceASyncDid) {
  Write(0, Index::Durability::kOrdered);
  disk_.CutPower();
  EXPECT_THROW(index_->Sync(), IndexError);
  Batch batch;
  batch.Put("/lost", "");
  EXPECT_THROW((void)index_->Write(batch, Index::Durability::kOrdered), IndexError);
}

TEST_F(PowerCutTest, WritesAndSyncsFailOnceTheDiskDoes) {
  Write(0, Index::Durability::kSynced);
  disk_.CutPower();
  Batch batch;
  batch.Put("/lost", "");
  EXPECT_THROW((void)index_->Write(batch, Index::Durability::kOrdered), IndexError);
  EXPECT_THROW(index_->Sync(), IndexError);
}

}  // namespace
}  // namespace mkv
