#include "mkvcore/volumes/background_hasher.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mkv {
namespace {

std::string RandomBytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(BackgroundHasher, HashesWhatAHasherDoes) {
  HashingThreads threads;
  const std::string value = RandomBytes(3'000'000);
  ValueHasher expected(/*md5=*/true);
  expected.Update(value);

  BackgroundHasher hasher(threads, /*md5=*/true);
  for (std::size_t at = 0; at < value.size(); at += 70'001) {
    hasher.Update(std::string_view(value).substr(at, 70'001));
  }
  ValueHasher& finished = hasher.Finish();
  EXPECT_EQ(hasher.done(), value.size());
  EXPECT_EQ(finished.size(), value.size());
  EXPECT_EQ(finished.crc32c(), expected.crc32c());
  EXPECT_EQ(finished.TakeMd5(), expected.TakeMd5());
}

TEST(BackgroundHasher, TellsHowFarItIs) {
  HashingThreads threads;
  // Bytes may be written over once done() has passed them, as a ring does.
  std::string piece = RandomBytes(100'000);
  ValueHasher expected(/*md5=*/true);
  BackgroundHasher hasher(threads, /*md5=*/true);
  for (std::uint64_t given = 0; given < 50 * piece.size(); given += piece.size()) {
    piece[given % piece.size()] ^= 1;
    expected.Update(piece);
    hasher.Update(piece);
    hasher.AwaitPast(given + piece.size() - 1);
    EXPECT_EQ(hasher.done(), given + piece.size());
  }
  EXPECT_EQ(hasher.Finish().TakeMd5(), expected.TakeMd5());
}

TEST(BackgroundHasher, EndsInTheMiddle) {
  HashingThreads threads;
  const std::string value = RandomBytes(10'000'000);
  BackgroundHasher hasher(threads, /*md5=*/true);
  hasher.Update(value);
  hasher.Update(value);
}

TEST(BackgroundHasher, OfNothingIsTheDigestOfNothing) {
  HashingThreads threads;
  BackgroundHasher hasher(threads, /*md5=*/false);
  hasher.Update("");
  EXPECT_EQ(hasher.Finish().size(), 0U);
  EXPECT_EQ(hasher.Finish().crc32c(), 0U);
  EXPECT_FALSE(hasher.Finish().TakeMd5());
}

// More values than threads, and than are hashed together: each is hashed as it is by itself, in
// turns, and those that end in the middle take nothing along.
TEST(BackgroundHasher, OfSeveralValuesAtOnceHashesEach) {
  HashingThreads threads(2);
  const std::string value = RandomBytes(1'000'000);
  std::vector<std::thread> users;
  for (std::size_t user = 0; user < 20; ++user) {
    users.emplace_back([&, user] {
      for (std::size_t round = 0; round < 5; ++round) {
        const std::string_view mine = std::string_view(value).substr(1000 * user + round);
        ValueHasher expected(/*md5=*/user % 5 > 0);
        expected.Update(mine);
        BackgroundHasher hasher(threads, /*md5=*/user % 5 > 0);
        for (std::size_t at = 0; at < mine.size(); at += 100'000) {
          hasher.Update(mine.substr(at, 100'000));
        }
        if (user % 4 == 3 && round % 2 == 0) continue;
        EXPECT_EQ(hasher.Finish().crc32c(), expected.crc32c());
        EXPECT_EQ(hasher.Finish().TakeMd5(), expected.TakeMd5());
      }
    });
  }
  for (std::thread& user : users) user.join();
}

}  // namespace
}  // namespace mkv
