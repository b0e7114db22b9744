// What is left of an index when everything that was not synced is lost.

#include <gtest/gtest.h>
#include <leveldb/env.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "mkvcore/index/leveldb_index.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

// A disk on which only what was synced is safe. Rename and removal are safe at once, as LevelDB
// expects of them.
class FragileDisk : public leveldb::EnvWrapper {
 public:
  FragileDisk() : EnvWrapper(leveldb::Env::Default()) {}

  // From now on nothing reaches the disk any more.
  void CutPower() { off_ = true; }

  // Takes away what was not synced.
  void LoseUnsynced() {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, synced] : synced_) {
      if (std::filesystem::exists(name)) std::filesystem::resize_file(name, synced);
    }
  }

  leveldb::Status NewWritableFile(const std::string& name,
                                  leveldb::WritableFile** result) override {
    if (off_) return Off();
    leveldb::Status status = EnvWrapper::NewWritableFile(name, result);
    if (!status.ok()) return status;
    const std::lock_guard lock(mutex_);
    synced_[name] = 0;
    *result = new File(*this, name, *result);
    return status;
  }

  leveldb::Status RemoveFile(const std::string& name) override {
    if (off_) return Off();
    const std::lock_guard lock(mutex_);
    synced_.erase(name);
    return EnvWrapper::RemoveFile(name);
  }

  leveldb::Status RenameFile(const std::string& from, const std::string& to) override {
    if (off_) return Off();
    const std::lock_guard lock(mutex_);
    if (auto node = synced_.extract(from)) synced_[to] = node.mapped();
    return EnvWrapper::RenameFile(from, to);
  }

 private:
  class File : public leveldb::WritableFile {
   public:
    File(FragileDisk& disk, std::string name, leveldb::WritableFile* file)
        : disk_(disk), name_(std::move(name)), file_(file) {}

    leveldb::Status Append(const leveldb::Slice& data) override {
      if (disk_.off_) return Off();
      written_ += data.size();
      return file_->Append(data);
    }
    leveldb::Status Flush() override { return disk_.off_ ? Off() : file_->Flush(); }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Sync() override {
      if (disk_.off_) return Off();
      const leveldb::Status status = file_->Sync();
      const std::lock_guard lock(disk_.mutex_);
      if (disk_.synced_.contains(name_)) disk_.synced_[name_] = written_;
      return status;
    }

   private:
    FragileDisk& disk_;
    const std::string name_;
    const std::unique_ptr<leveldb::WritableFile> file_;
    std::uint64_t written_ = 0;
  };

  static leveldb::Status Off() { return leveldb::Status::IOError("the power is off"); }

  std::atomic<bool> off_ = false;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> synced_;
};

class PowerCutTest : public ::testing::Test {
 protected:
  PowerCutTest() {
    // So small that LevelDB changes its log every few hundred writes.
    options_.write_buffer_bytes = 64 << 10;
    options_.env = &disk_;
    index_ = LevelDbIndex::Open(folder_.path(), options_);
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
    index_ = LevelDbIndex::Open(folder_.path());
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

  FragileDisk disk_;
  const testing::TempFolder folder_;
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
