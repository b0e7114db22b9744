#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/list_objects.h"
#include "tests/support/temp_folder.h"

namespace mkv::s3 {
namespace {

constexpr int kKeys = 1500;
constexpr std::string_view kBucket = "b";

std::string RecordOf(int number) {
  const std::string digits = std::to_string(100'000'000 + number);
  return "HASH01234567890123456789012" + digits + "volume:3001";
}

// The index below it; a step of an iterator calls `on_step` first, with whether that is on another
// thread than the one that made the index.
class WatchedIndex : public Index {
 public:
  WatchedIndex(Index& index, std::function<void(bool)> on_step)
      : index_(index), on_step_(std::move(on_step)) {}

  std::optional<std::string> Get(std::string_view key) const override { return index_.Get(key); }
  std::unique_ptr<Iterator> NewIterator() const override {
    return std::make_unique<WatchedIterator>(*this, index_.NewIterator());
  }
  [[nodiscard]] std::optional<Stamp> Write(const Batch& batch, Durability durability) override {
    return index_.Write(batch, durability);
  }
  bool MayStall() const override { return index_.MayStall(); }
  void Sync() override { index_.Sync(); }

 private:
  class WatchedIterator : public Iterator {
   public:
    WatchedIterator(const WatchedIndex& index, std::unique_ptr<Iterator> iterator)
        : index_(index), iterator_(std::move(iterator)) {}
    bool Valid() const override { return iterator_->Valid(); }
    void Seek(std::string_view key) override { iterator_->Seek(key); }
    void Next() override {
      index_.on_step_(std::this_thread::get_id() != index_.first_thread_);
      iterator_->Next();
    }
    std::string_view key() const override { return iterator_->key(); }
    std::string_view value() const override { return iterator_->value(); }
    void Check() const override { iterator_->Check(); }

   private:
    const WatchedIndex& index_;
    std::unique_ptr<Iterator> iterator_;
  };

  Index& index_;
  const std::function<void(bool)> on_step_;
  const std::thread::id first_thread_ = std::this_thread::get_id();
};

struct Row {
  std::string key;
  std::uint64_t size;
  std::string etag;
  std::string owner;
  bool needs_head;
  bool operator==(const Row&) const = default;
};

std::vector<Row> RowsOf(const ListPage& page) {
  std::vector<Row> rows;
  for (const ListEntry& entry : page.contents) {
    rows.push_back({std::string(entry.key), entry.size, std::string(entry.etag),
                    std::string(entry.owner), entry.needs_head});
  }
  return rows;
}

class ListingByTwoThreadsTest : public ::testing::Test {
 protected:
  ListingByTwoThreadsTest() {
    request_.bucket = kBucket;
    request_.fetch_owner = true;
    Batch batch;
    for (int i = 0; i < kKeys; ++i) {
      const std::string key =
          StoreKey(kBucket, (i % 500 == 499 ? "m/" : "k") + std::to_string(10'000 + i));
      const bool unlinked = i % 31 == 30;
      batch.Put(key, (unlinked ? "DELETED" : "") + RecordOf(i));
      if (i % 7 == 6) continue;  // the original wrote it
      format::ObjectMetadata metadata;
      metadata.set_record(RecordOf(i % 11 == 10 ? i + 1 : i));  // or wrote it since
      metadata.set_size(static_cast<std::uint64_t>(i));
      metadata.set_mtime_us(1'255'369'830'123'456);
      metadata.set_etag("etag-" + std::to_string(i));
      metadata.set_owner("owner-" + std::to_string(i));
      batch.Put(MetadataKey(key), metadata.SerializeAsString());
    }
    EXPECT_TRUE(index_->Write(batch, Index::Durability::kOrdered));
  }

  TryRun OnAThread() {
    return [this](std::function<void()>& work) {
      threads_.emplace_back(std::move(work));
      return true;
    };
  }
  void ExpectTheSamePages(const TryRun& try_run) {
    for (ListRequest request = request_;;) {
      const ListPage alone = ListObjects(*index_, request);
      const ListPage page = ListObjects(*index_, request, try_run);
      ASSERT_EQ(RowsOf(page), RowsOf(alone)) << "after " << request.after;
      ASSERT_EQ(page.common_prefixes, alone.common_prefixes);
      ASSERT_EQ(page.last, alone.last);
      if (!page.truncated) return;
      request.after = page.last;
    }
  }

  testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open((folder_.path() / "index").string());
  ListRequest request_;
  std::vector<std::jthread> threads_;  // before the index goes
};

TEST_F(ListingByTwoThreadsTest, TheSamePagesAsByOne) {
  for (const char* delimiter : {"", "/"}) {
    request_.delimiter = delimiter;
    for (const int max_keys : {1000, 999, 129, 128, 127, 65, 64, 63}) {
      request_.max_keys = max_keys;
      ExpectTheSamePages(OnAThread());
    }
  }
}

TEST_F(ListingByTwoThreadsTest, AShortPageNeedsNoSecondOne) {
  request_.max_keys = 63;
  int asked = 0;
  const TryRun try_run = [&](std::function<void()>&) { return ++asked < 0; };
  ListObjects(*index_, request_, try_run);
  EXPECT_EQ(asked, 0);
  request_.max_keys = 1000;
  ListObjects(*index_, request_, try_run);
  EXPECT_EQ(asked, 1);
}

TEST_F(ListingByTwoThreadsTest, BothTakePart) {
  std::atomic<int> steps_of_second = 0;
  std::latch second_has_begun(1);
  const WatchedIndex index(*index_, [&](bool is_second) {
    if (is_second && ++steps_of_second == 10) second_has_begun.count_down();
  });
  const ListPage page = ListObjects(index, request_, [&](std::function<void()>& work) {
    threads_.emplace_back(std::move(work));
    second_has_begun.wait();
    return true;
  });
  EXPECT_EQ(RowsOf(page), RowsOf(ListObjects(*index_, request_)));
  EXPECT_GE(steps_of_second, 10);
}

TEST_F(ListingByTwoThreadsTest, WhoComesTooLateFindsNothingToDo) {
  std::function<void()> late;
  {
    const auto index = std::make_unique<WatchedIndex>(*index_, [](bool) {});
    const ListPage page = ListObjects(*index, request_, [&](std::function<void()>& work) {
      late = std::move(work);
      return true;
    });
    EXPECT_EQ(RowsOf(page), RowsOf(ListObjects(*index_, request_)));
  }
  late();
}

TEST_F(ListingByTwoThreadsTest, WhatTheSecondOneCanNotReadIsNotPassedOver) {
  const WatchedIndex index(*index_, [&](bool is_second) {
    if (is_second) throw IndexError("broken");
  });
  const TryRun waits_for_it = [&](std::function<void()>& work) {
    std::thread(std::move(work)).join();
    return true;
  };
  EXPECT_THROW(ListObjects(index, request_, waits_for_it), IndexError);
}

TEST_F(ListingByTwoThreadsTest, WhatTheFirstOneCanNotReadEndsBoth) {
  std::atomic<int> steps = 0;
  const WatchedIndex index(*index_, [&](bool is_second) {
    if (!is_second && ++steps == 500) throw IndexError("broken");
  });
  EXPECT_THROW(ListObjects(index, request_, OnAThread()), IndexError);
}

}  // namespace
}  // namespace mkv::s3
