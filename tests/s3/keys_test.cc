#include "s3api/protocol/keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

using namespace std::string_view_literals;

std::string KeyProblem(std::string_view key) {
  try {
    CheckKey(key);
  } catch (const S3Error& error) {
    return error.code();
  }
  return "";
}

TEST(KeysTest, BucketNamesFollowTheRulesOfS3) {
  for (const std::string_view name :
       {"abc", "my-bucket", "a.b.c", "0ab", "192.168.0", "1.2.3.4.5", "123"}) {
    EXPECT_TRUE(IsBucketName(name)) << name;
  }
  EXPECT_TRUE(IsBucketName(std::string(63, 'a')));
  for (const std::string_view name :
       {"", "ab", "Abc", "my_bucket", "-abc", "abc-", ".abc", "abc.", "a..b", "192.168.5.4",
        "xn--abc", "sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "a/b", "a b"}) {
    EXPECT_FALSE(IsBucketName(name)) << name;
  }
  EXPECT_FALSE(IsBucketName(std::string(64, 'a')));
}

TEST(KeysTest, FoldersOfTheOriginalAreReadableThoughNoBucketsOfS3) {
  EXPECT_TRUE(IsReadableBucketName("Team_A"));
  EXPECT_TRUE(IsReadableBucketName("x"));
  EXPECT_FALSE(IsReadableBucketName(".mkv"));
  EXPECT_FALSE(IsReadableBucketName("a\xFF"));
  EXPECT_FALSE(IsReadableBucketName(""));
}

TEST(KeysTest, AKeyIsUpTo1024BytesOfUtf8) {
  EXPECT_EQ(KeyProblem("a"), "");
  EXPECT_EQ(KeyProblem("\xE2\x82\xAC/ \x01\x7F\xF0\x9F\x98\x80"), "");
  EXPECT_EQ(KeyProblem(std::string(1024, 'k')), "");
  EXPECT_EQ(KeyProblem(std::string(1025, 'k')), "KeyTooLongError");
}

TEST(KeysTest, AKeyThatIsNoUtf8IsAnInvalidUri) {
  for (const std::string_view key :
       {"\xFF"sv, "a\x80"sv, "\xC0\xAF"sv, "\xE2\x82"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv,
        "\xE0\x80\x80"sv, "\xF0\x80\x80\x80"sv, "a\0b"sv}) {
    EXPECT_EQ(KeyProblem(key), "InvalidURI") << ::testing::PrintToString(key);
  }
}

TEST(KeysTest, TheStoreKeyIsBucketAndKeyWithSlashesBefore) {
  EXPECT_EQ(StoreKey("bucket", "a/b"), "/bucket/a/b");
}

}  // namespace
}  // namespace mkv::s3
