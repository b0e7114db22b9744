#include "mkvcore/volumes/background_hasher.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace mkv {
namespace {

std::string RandomBytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(BackgroundHasher, HashesWhatAHasherDoes) {
  const std::string value = RandomBytes(3'000'000);
  ValueHasher expected(/*md5=*/true);
  expected.Update(value);

  BackgroundHasher hasher(/*md5=*/true);
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
  // Bytes may be written over once done() has passed them, as a ring does.
  std::string piece = RandomBytes(100'000);
  ValueHasher expected(/*md5=*/true);
  BackgroundHasher hasher(/*md5=*/true);
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
  const std::string value = RandomBytes(10'000'000);
  BackgroundHasher hasher(/*md5=*/true);
  hasher.Update(value);
  hasher.Update(value);
}

TEST(BackgroundHasher, OfNothingIsTheDigestOfNothing) {
  BackgroundHasher hasher(/*md5=*/false);
  hasher.Update("");
  EXPECT_EQ(hasher.Finish().size(), 0U);
  EXPECT_EQ(hasher.Finish().crc32c(), 0U);
  EXPECT_FALSE(hasher.Finish().TakeMd5());
}

}  // namespace
}  // namespace mkv
