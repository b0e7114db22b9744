#include "mkvcore/volumes/replica_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace mkv {
namespace {

void Put(RingFeed& ring, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = ring.Room();
    ASSERT_FALSE(room.empty());
    const std::size_t fits = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), fits, room.begin());
    ring.Filled(fits);
    bytes.remove_prefix(fits);
  }
}

TEST(RingFeed, HandsOnWhatWasPut) {
  RingFeed ring(std::nullopt, 8);
  EXPECT_TRUE(ring.At(0).empty());
  Put(ring, "abc");
  EXPECT_EQ(ring.At(0), "abc");
  EXPECT_EQ(ring.At(2), "c");
  EXPECT_TRUE(ring.At(3).empty());
}

TEST(RingFeed, TurnsWhenReleased) {
  RingFeed ring(std::nullopt, 8);
  Put(ring, "abcdefgh");
  EXPECT_TRUE(ring.Room().empty());
  ring.Release(5);
  Put(ring, "ijk");
  EXPECT_EQ(ring.At(5), "fgh");
  EXPECT_EQ(ring.At(8), "ijk");
  EXPECT_EQ(ring.free(), 2u);
}

TEST(RingFeed, KeepsTheLastByteOfAnAnnouncedLengthUntilItIsComplete) {
  RingFeed ring(3, 8);
  Put(ring, "abc");
  EXPECT_EQ(ring.At(0), "ab");
  EXPECT_TRUE(ring.At(2).empty());
  EXPECT_FALSE(ring.EndsAt(2));
  ring.Complete();
  EXPECT_EQ(ring.At(2), "c");
  EXPECT_TRUE(ring.EndsAt(3));
}

TEST(RingFeed, DoesNotEndBeforeItIsComplete) {
  RingFeed ring(std::nullopt, 8);
  Put(ring, "abc");
  EXPECT_FALSE(ring.EndsAt(3));
  ring.Complete();
  EXPECT_FALSE(ring.EndsAt(2));
  EXPECT_TRUE(ring.EndsAt(3));
}

}  // namespace
}  // namespace mkv
