#include "s3api/multipart/object_parts.h"

#include <gtest/gtest.h>

#include "mkvcore/format/sidecar.h"

namespace mkv::s3 {
namespace {

format::ObjectMetadata With(const std::vector<ObjectPart>& parts) {
  format::ObjectMetadata metadata;
  *metadata.mutable_parts() = EncodeParts(parts);
  return metadata;
}

TEST(ObjectParts, ComeBackWithTheirOffsets) {
  const ChecksumValue one{ChecksumAlgorithm::kCrc32, "1111"};
  const ChecksumValue two{ChecksumAlgorithm::kCrc32, "2222"};
  const format::ObjectMetadata metadata = With({{0, 5, one}, {0, 5, two}, {0, 3, one}});
  EXPECT_EQ(metadata.parts().runs_size(), 2);
  EXPECT_EQ(CountParts(metadata), 3U);
  const std::vector<ObjectPart> parts = DecodeParts(metadata, 1, 10);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].offset, 5U);
  EXPECT_EQ(parts[0].checksum, two);
  EXPECT_EQ(parts[1].offset, 10U);
  EXPECT_EQ(parts[1].size, 3U);
  EXPECT_EQ(DecodeParts(metadata, 0, 1).size(), 1U);
  EXPECT_TRUE(DecodeParts(metadata, 3, 1).empty());
}

TEST(ObjectParts, KeepChecksumsOnlyWhenAllHaveThem) {
  const ChecksumValue one{ChecksumAlgorithm::kCrc32, "1111"};
  const ChecksumValue other{ChecksumAlgorithm::kCrc32c, "2222"};
  EXPECT_EQ(With({{0, 5, one}, {0, 5, std::nullopt}}).parts().checksums(), "");
  EXPECT_EQ(With({{0, 5, one}, {0, 5, other}}).parts().checksums(), "");
  EXPECT_FALSE(DecodeParts(With({{0, 5, std::nullopt}}), 0, 1).front().checksum);
  EXPECT_EQ(CountParts({}), 0U);
}

TEST(ObjectParts, TheirCrcsMakeThatOfTheWhole) {
  for (const auto algorithm :
       {ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c, ChecksumAlgorithm::kCrc64Nvme}) {
    const ChecksumValue one = ComputeChecksum(algorithm, "one");
    const ChecksumValue three = ComputeChecksum(algorithm, "three");
    EXPECT_EQ(CombineChecksums(algorithm, {{0, 3, one}, {3, 5, three}}),
              ComputeChecksum(algorithm, "onethree"));
    EXPECT_EQ(CombineChecksums(algorithm, {{0, 3, one}}), one);
    EXPECT_FALSE(CombineChecksums(algorithm, {{0, 3, one}, {3, 5, std::nullopt}}));
    EXPECT_FALSE(CombineChecksums(
        algorithm, {{0, 3, one}, {3, 5, ComputeChecksum(ChecksumAlgorithm::kSha1, "three")}}));
  }
  const ChecksumValue sha = ComputeChecksum(ChecksumAlgorithm::kSha256, "one");
  EXPECT_FALSE(CombineChecksums(ChecksumAlgorithm::kSha256, {{0, 3, sha}}));
}

TEST(ObjectParts, TheGreatestListFitsIntoASidecar) {
  std::vector<ObjectPart> parts;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    parts.push_back(
        {0, (5ULL << 30) - i,
         ChecksumValue{ChecksumAlgorithm::kSha256, std::string(32, static_cast<char>(i))}});
  }
  EXPECT_LT(EncodeSidecar(With(parts), 1).size(), kMaxSidecarBytes);
}

}  // namespace
}  // namespace mkv::s3
