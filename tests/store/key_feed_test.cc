#include "mkvcore/store/key_feed.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

class KeyFeedTest : public ::testing::Test {
 protected:
  static constexpr int kKeys = 100;

  // Some 3 KB each, which nothing compresses, with other entries behind them.
  void Fill() {
    const auto index = LevelDbIndex::Open(path_);
    std::mt19937 random(1);
    Batch batch;
    for (int i = 0; i < kKeys; ++i) {
      std::string value(3000, '\0');
      for (char& c : value) c = static_cast<char>(random());
      batch.Put("/" + std::to_string(i + 100), value);
    }
    batch.Put("meta/", "no key");
    ASSERT_TRUE(index->Write(batch, Index::Durability::kOrdered));
  }
  void DamageTheMiddle() {
    LevelDbIndex::Open(path_);  // moves the log into a table
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (entry.path().extension() != ".ldb") continue;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
      file << "damage";
    }
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_.path() / "index";
};

TEST_F(KeyFeedTest, HandsOutKeysAndNothingElse) {
  Fill();
  const auto index = LevelDbIndex::Open(path_);
  KeyFeed feed(*index);
  std::vector<std::string> keys;
  while (const std::optional<std::string> key = feed.Next()) keys.push_back(*key);
  ASSERT_EQ(keys.size(), static_cast<std::size_t>(kKeys));
  EXPECT_EQ(keys.front(), "/100");
  EXPECT_EQ(keys.back(), "/199");
  EXPECT_EQ(feed.Next(), std::nullopt);
}

// Work over the whole store must not end well without having seen all of it.
TEST_F(KeyFeedTest, KeysThatCanNotBeReadAreNotPassedOverInSilence) {
  Fill();
  DamageTheMiddle();
  const auto index = LevelDbIndex::Open(path_);
  KeyFeed feed(*index);
  const auto all = [&feed] {
    while (feed.Next()) {
    }
  };
  EXPECT_THROW(all(), IndexError);
}

}  // namespace
}  // namespace mkv
