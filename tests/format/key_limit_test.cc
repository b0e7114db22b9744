#include "mkvcore/format/key_limit.h"

#include <gtest/gtest.h>

#include <string>

#include "mkvcore/format/blob_path.h"

namespace mkv {
namespace {

constexpr Generation kLatest = ~Generation{0};

TEST(KeyLimit, IsNoneForWhatEitherProtocolStoresEveryDay) {
  for (const std::size_t size : {1, 189, 1000, 1024, 2800}) {
    EXPECT_FALSE(IsTooLong("/" + std::string(size - 1, 'k'))) << size;
  }
}

// 1,024 bytes is what S3 allows; these have the longest paths, of slashes alone.
TEST(KeyLimit, NeverConcernsAKeyOfS3) {
  EXPECT_FALSE(IsTooLong(std::string(1024, '\xff')));
  EXPECT_LE(SidecarPath(std::string(1024, '\xff'), kLatest).size(), kMaxBlobPath);
}

TEST(KeyLimit, IsThatOfTheLongestPathOfTheKey) {
  std::string key = "/" + std::string(2500, 'k');
  while (!IsTooLong(key)) {
    EXPECT_LE(SidecarPath(key, kLatest).size(), kMaxBlobPath);
    key += 'k';
  }
  EXPECT_GT(SidecarPath(key, kLatest).size(), kMaxBlobPath);
  EXPECT_LT(key.size(), 2900U);
}

}  // namespace
}  // namespace mkv
