// What is left of an index when everything that was not synced is lost.

#include <gtest/gtest.h>

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
  const auto logs = [this] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "index")) {
      count += entry.path().extension() == ".log" ? 1 : 0;
    }
    return count;
  };
  int written = 0;
  while (logs() < 2) Write(written++, Index::Durability::kOrdered);
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
