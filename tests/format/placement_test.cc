#include "mkvcore/format/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "mkvcore/format/record.h"
#include "tests/support/original_store.h"

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PlacementTest, PlacesTheOriginalsExamples) {
  const Placement placement({"larry", "moe", "curly"}, 1, 3);
  const auto volume = [&](std::string_view key) {
    const std::string entry = placement.Choose(key).at(0);
    return entry.substr(0, entry.find('/'));
  };
  EXPECT_EQ(volume("hello"), "larry");
  EXPECT_EQ(volume("helloworld"), "curly");
  EXPECT_EQ(volume("world"), "moe");
  EXPECT_EQ(volume("blah"), "curly");
}

TEST(PlacementTest, PlacesEveryKeyOfTheOriginalsStoresAsTheirRecordsSay) {
  for (const std::string& name : testing::OriginalStore::Names()) {
    const testing::OriginalStore store(name);
    const Placement placement(store.volumes(), store.replicas(), store.subvolumes());
    for (const auto& [key, bytes] : store.records()) {
      EXPECT_EQ(placement.Choose(key), Record::Decode(bytes).value().volumes) << name << key;
    }
  }
}

TEST(PlacementTest, DoesNotDependOnTheOrderOfTheVolumes) {
  const Placement one({"a:1", "b:1", "c:1", "d:1"}, 3, 10);
  const Placement other({"c:1", "a:1", "d:1", "b:1"}, 3, 10);
  for (int i = 0; i < 100; ++i) {
    const std::string key = "/key-" + std::to_string(i);
    EXPECT_EQ(one.Order(key), other.Order(key));
  }
}

TEST(PlacementTest, OrderBeginsWithTheChosenAndNamesEveryVolumeOnce) {
  const Placement placement({"a:1", "b:1", "c:1", "d:1", "e:1"}, 2, 1);
  for (int i = 0; i < 100; ++i) {
    const std::string key = "/key-" + std::to_string(i);
    std::vector<std::string> order = placement.Order(key);
    const std::vector<std::string> chosen = placement.Choose(key);
    ASSERT_EQ(chosen.size(), 2u);
    EXPECT_TRUE(std::equal(chosen.begin(), chosen.end(), order.begin()));
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, placement.volumes());
  }
}

TEST(PlacementTest, SubvolumeFoldersAreNamedInUpperCaseHex) {
  EXPECT_THAT(Placement({"a"}, 1, 1).SubvolumeFolders(), ElementsAre(""));
  EXPECT_THAT(Placement({"a"}, 1, 2).SubvolumeFolders(), ElementsAre("/sv00", "/sv01"));
  EXPECT_EQ(Placement({"a"}, 1, 256).SubvolumeFolders().back(), "/svFF");
}

std::string WhyRefused(std::vector<std::string> volumes, std::size_t replicas,
                       std::size_t subvolumes) {
  try {
    const Placement placement(std::move(volumes), replicas, subvolumes);
    return "not refused";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(PlacementTest, RefusesWhatCanNotBePlaced) {
  EXPECT_THAT(WhyRefused({"a", "b"}, 3, 1), HasSubstr("3 replicas need as many volumes, 2 given"));
  EXPECT_THAT(WhyRefused({}, 1, 1), HasSubstr("0 given"));
  EXPECT_THAT(WhyRefused({"a"}, 0, 1), HasSubstr("at least one replica"));
  EXPECT_THAT(WhyRefused({"a"}, 1, 0), HasSubstr("1 to 256 subvolumes, not 0"));
  EXPECT_THAT(WhyRefused({"a"}, 1, 257), HasSubstr("not 257"));
  EXPECT_THAT(WhyRefused({"a", "b", "a"}, 1, 1), HasSubstr("`a` is listed twice"));
  EXPECT_THAT(WhyRefused({"a", ""}, 1, 1), HasSubstr("empty name"));
  for (const char* name :
       {"a b", "a@b", "a/b", "http://a", "a?b", "a#b", "a%20", "a\n", "\xc3\xa9"}) {
    EXPECT_THAT(WhyRefused({name}, 1, 1), HasSubstr("is no volume")) << name;
  }
  EXPECT_THAT(WhyRefused({"HASHI"}, 1, 1), HasSubstr("index records"));
  EXPECT_THAT(WhyRefused({"DELETED"}, 1, 1), HasSubstr("index records"));
  EXPECT_EQ(WhyRefused({"[::1]:3001", "host-1.example_2:80"}, 2, 256), "not refused");
}

}  // namespace
}  // namespace mkv
