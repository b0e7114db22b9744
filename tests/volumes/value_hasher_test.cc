#include "mkvcore/volumes/value_hasher.h"

#include <gtest/gtest.h>

#include <string>

namespace mkv {
namespace {

// RFC 3720, B.4, and the check value of the CRC catalogue.
TEST(Crc32c, AgreesWithPublishedVectors) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Crc32c, ContinuesWhereItStopped) {
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), Crc32c("123456789"));
}

TEST(ValueHasher, HashesPiecesAsOneValue) {
  ValueHasher hasher(true);
  hasher.Update("hello");
  hasher.Update("");
  hasher.Update("world");
  EXPECT_EQ(hasher.size(), 10u);
  EXPECT_EQ(hasher.crc32c(), Crc32c("helloworld"));
  const auto md5 = hasher.TakeMd5();  // fc5e038d38a57032085441e7fe7010b0
  ASSERT_TRUE(md5);
  EXPECT_EQ((*md5)[0], 0xfc);
  EXPECT_EQ((*md5)[1], 0x5e);
  EXPECT_EQ((*md5)[15], 0xb0);
}

TEST(ValueHasher, LeavesOutMd5WhenNotAsked) {
  ValueHasher hasher(false);
  hasher.Update("x");
  EXPECT_FALSE(hasher.TakeMd5());
}

}  // namespace
}  // namespace mkv
