// An index whose disk is full for a while, with readers and writers at work all the time.
#include <gtest/gtest.h>
#include <leveldb/env.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/index/ordered_log_env.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;

// Takes nothing while it is full; of what LevelDB writes in two steps the second may not fit.
class FillingDisk : public leveldb::EnvWrapper {
 public:
  FillingDisk() : EnvWrapper(leveldb::Env::Default()) {}

  void SetFull(bool full) { full_ = full; }

  leveldb::Status NewWritableFile(const std::string& name,
                                  leveldb::WritableFile** result) override {
    leveldb::Status status = EnvWrapper::NewWritableFile(name, result);
    if (status.ok()) *result = new File(*this, *result);
    return status;
  }
  leveldb::Status NewAppendableFile(const std::string& name,
                                    leveldb::WritableFile** result) override {
    leveldb::Status status = EnvWrapper::NewAppendableFile(name, result);
    if (status.ok()) *result = new File(*this, *result);
    return status;
  }

 private:
  class File : public leveldb::WritableFile {
   public:
    File(FillingDisk& disk, leveldb::WritableFile* file) : disk_(disk), file_(file) {}
    leveldb::Status Append(const leveldb::Slice& data) override {
      constexpr std::size_t kHeader = 7;  // of a log's record: it fits, and what follows does not
      if (disk_.full_ && data.size() > kHeader) return NoSpace();
      return file_->Append(data);
    }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override { return disk_.full_ ? NoSpace() : file_->Sync(); }
    leveldb::Status Close() override { return file_->Close(); }

   private:
    static leveldb::Status NoSpace() { return leveldb::Status::IOError("no space left"); }
    FillingDisk& disk_;
    const std::unique_ptr<leveldb::WritableFile> file_;
  };

  std::atomic<bool> full_ = false;
};

class FullDisk : public ::testing::Test {
 protected:
  FullDisk() {
    options_.write_buffer_bytes = 64 << 10;  // tables and compactions all along
    options_.env = &disk_;
    index_ = LevelDbIndex::Open(folder_.path(), options_);
  }

  static std::string Key(int i) { return "/" + std::to_string(1'000'000 + i); }
  // True when it was taken.
  bool Put(int i) {
    std::string value(300, '\0');  // that does not become smaller in a table
    std::minstd_rand random(static_cast<unsigned>(i));
    for (char& c : value) c = static_cast<char>(random());
    Batch batch;
    batch.Put(Key(i), value);
    try {
      return index_->Write(batch, Index::Durability::kOrdered).has_value();
    } catch (const IndexError&) {
      return false;
    }
  }
  void AwaitRoom(int* next) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!Put(*next)) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(20ms);
    }
    ++*next;
  }

  FillingDisk disk_;
  const testing::TempFolder folder_;
  LevelDbOptions options_;
  std::unique_ptr<LevelDbIndex> index_;
};

TEST_F(FullDisk, RefusesWritesUntilThereIsRoomAndLosesNothing) {
  int next = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(Put(next++));
    disk_.SetFull(true);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(Put(2'000'000 + i));
    EXPECT_THROW(index_->Sync(), IndexError);
    for (int i = 0; i < next; ++i) ASSERT_TRUE(index_->Get(Key(i))) << i;
    disk_.SetFull(false);
    AwaitRoom(&next);
  }
  index_.reset();
  index_ = LevelDbIndex::Open(folder_.path(), options_);
  for (int i = 0; i < next; ++i) ASSERT_TRUE(index_->Get(Key(i))) << i;
}

// What could not be written may be there once the index was opened anew.
TEST_F(FullDisk, NoStampIsWorthAnythingAfterIt) {
  int next = 0;
  ASSERT_TRUE(Put(next++));
  Stamp stamp = 0;
  ASSERT_TRUE(index_->GetStamped(Key(0), &stamp));
  disk_.SetFull(true);
  EXPECT_FALSE(Put(1));
  disk_.SetFull(false);
  AwaitRoom(&next);
  Batch batch;
  batch.Require(Key(0), "what it never was", stamp);
  EXPECT_FALSE(index_->Write(batch, Index::Durability::kOrdered));
}

// LevelDB reads logs and manifests record by record, and would take what lies behind a torn one for
// damage.
TEST_F(FullDisk, NothingIsWrittenBehindAWriteThatFailed) {
  OrderedLogEnv env(&disk_);
  for (const char* name : {"/000003.log", "/MANIFEST-000002", "/000004.ldb"}) {
    const testing::TempFolder folder;
    leveldb::WritableFile* opened = nullptr;
    ASSERT_TRUE(env.NewWritableFile(folder.path().string() + name, &opened).ok());
    const std::unique_ptr<leveldb::WritableFile> file(opened);
    EXPECT_TRUE(file->Append("the first record").ok());
    disk_.SetFull(true);
    EXPECT_TRUE(file->Append("header").ok());
    EXPECT_FALSE(file->Append("what does not fit").ok());
    disk_.SetFull(false);
    EXPECT_FALSE(file->Append("the next record").ok()) << name;
  }
}

TEST_F(FullDisk, AnIteratorGoesOnOverTheMomentItWasMade) {
  int next = 0;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Put(next++));
  index_.reset();
  index_ = LevelDbIndex::Open(folder_.path(), options_);  // opens a table when it comes to need it
  const std::unique_ptr<Index::Iterator> all = index_->NewIterator();
  all->Seek("/");
  for (int time = 0; time < 2; ++time) {
    disk_.SetFull(true);
    EXPECT_FALSE(Put(next));
    disk_.SetFull(false);
    AwaitRoom(&next);
  }
  // Enough for compactions that do away with the tables it still needs.
  for (int i = 0; i < 60'000; ++i) ASSERT_TRUE(Put(i * 7919 % 60'000));
  int seen = 0;
  for (; all->Valid(); all->Next()) EXPECT_EQ(all->key(), Key(seen++));
  EXPECT_EQ(seen, 1000);
}

TEST_F(FullDisk, ReadersAndWritersMeetItWithoutHarm) {
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  std::vector<std::vector<int>> taken(3);
  for (int writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = writer; !stop; i += 3) {
        if (Put(i)) taken[static_cast<std::size_t>(writer)].push_back(i);
        std::this_thread::sleep_for(100us);
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop) {
      const auto all = index_->NewIterator();
      for (all->Seek("/"); all->Valid() && !stop; all->Next()) EXPECT_EQ(all->value().size(), 300U);
      EXPECT_FALSE(index_->Get("/none"));
    }
  });
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(100ms);
    disk_.SetFull(true);
    std::this_thread::sleep_for(100ms);
    disk_.SetFull(false);
    std::this_thread::sleep_for(1200ms);  // an attempt a second
  }
  stop = true;
  threads.clear();
  index_.reset();
  index_ = LevelDbIndex::Open(folder_.path(), options_);
  for (const std::vector<int>& keys : taken) {
    EXPECT_GT(keys.size(), 10U);
    for (const int key : keys) ASSERT_TRUE(index_->Get(Key(key))) << key;
  }
}

}  // namespace
}  // namespace mkv
