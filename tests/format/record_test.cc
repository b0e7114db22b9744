#include "mkvcore/format/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/original_store.h"

namespace mkv {
namespace {

using ::testing::ElementsAre;

constexpr char kHash[] = "d41d8cd98f00b204e9800998ecf8427e";

TEST(RecordTest, EncodesEveryPartInTheOriginalsOrder) {
  EXPECT_EQ((Record{false, "", {"a:1"}}).Encode(), "a:1");
  EXPECT_EQ((Record{false, kHash, {"a:1/sv0A", "b:2/sv00"}}).Encode(),
            std::string("HASH") + kHash + "a:1/sv0A,b:2/sv00");
  EXPECT_EQ((Record{true, kHash, {"a"}}).Encode(), std::string("DELETEDHASH") + kHash + "a");
  EXPECT_EQ((Record{true, "", {"a", "b", "c"}}).Encode(), "DELETEDa,b,c");
}

TEST(RecordTest, DecodesAndEncodesEveryRecordOfTheOriginalsStores) {
  for (const std::string& name : testing::OriginalStore::Names()) {
    const testing::OriginalStore store(name);
    EXPECT_FALSE(store.records().empty());
    for (const auto& [key, bytes] : store.records()) {
      const std::optional<Record> record = Record::Decode(bytes);
      ASSERT_TRUE(record) << key;
      EXPECT_EQ(record->Encode(), bytes);
      EXPECT_EQ(record->volumes.size(), store.replicas());
      EXPECT_EQ(record->unlinked, key.starts_with("/unlinked"));
      EXPECT_EQ(record->hash.empty(), name == "original-2x1");
    }
  }
}

TEST(RecordTest, DecodesTheParts) {
  const std::optional<Record> record =
      Record::Decode(std::string("DELETEDHASH") + kHash + "a:1/sv00,b:1/svFF");
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->unlinked);
  EXPECT_EQ(record->hash, kHash);
  EXPECT_THAT(record->volumes, ElementsAre("a:1/sv00", "b:1/svFF"));
}

TEST(RecordTest, RefusesWhatIsNoRecord) {
  const std::string hash = kHash;
  for (const std::string& bytes :
       {std::string(), std::string("DELETED"), "HASH" + hash, "HASH" + hash.substr(1) + ",a",
        std::string("HASHa:1"), "HASH" + std::string(32, 'G') + "a:1", std::string("a,,b"),
        std::string(",a"), std::string("a,"), std::string("a b"), std::string("a\0b", 3),
        std::string("\x08\x01\x12\x03 a"), std::string("\xff")}) {
    EXPECT_EQ(Record::Decode(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace mkv
