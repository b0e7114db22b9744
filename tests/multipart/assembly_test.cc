#include "s3api/multipart/assembly.h"

#include <gtest/gtest.h>

#include "mkvcore/volumes/volume_client.h"
#include "mkvcore/volumes/volume_health.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/multipart/object_parts.h"
#include "s3api/protocol/error.h"
#include "tests/multipart/staged_parts.h"
#include "tests/support/generated_value.h"

namespace mkv::s3 {
namespace {

using mkv::testing::GeneratedValue;
using mkv::testing::Md5Hex;
using mkv::testing::PartOf;

class AssemblyTest : public ::testing::Test {
 protected:
  void Add(std::uint32_t number, std::string_view bytes,
           std::optional<ChecksumAlgorithm> checksum = {}) {
    staged_[number] = PartOf(memory_, bytes, checksum ? checksum : terms_.checksum);
    bytes_[number] = bytes;
  }
  std::vector<CompletedPart> Wanted(const std::vector<std::uint32_t>& numbers) const {
    std::vector<CompletedPart> wanted;
    for (const std::uint32_t number : numbers) {
      wanted.push_back({number, staged_.at(number)->ETag(), {}});
    }
    return wanted;
  }
  std::string CodeOf(const std::vector<CompletedPart>& wanted) const {
    try {
      Assemble(terms_, staged_, wanted);
    } catch (const S3Error& error) {
      return error.code();
    }
    return "";
  }
  std::string Whole() const {
    std::string all;
    for (const auto& [number, bytes] : bytes_) all += bytes;
    return all;
  }

  const std::string large_ = GeneratedValue(1, kLeastPartBytes).Bytes();
  const std::string larger_ = GeneratedValue(2, kLeastPartBytes + 12'345).Bytes();
  UploadTerms terms_;
  PartMemory memory_{128 << 20};
  MultipartUpload::Parts staged_;
  std::map<std::uint32_t, std::string> bytes_;
};

TEST_F(AssemblyTest, ETagIsTheMd5OfTheMd5s) {
  Add(1, large_);
  Add(2, "end");
  const Assembly assembly = Assemble(terms_, staged_, Wanted({1, 2}));
  Digest md5(Digest::Kind::kMd5);
  md5.Update(staged_[1]->facts().md5 + staged_[2]->facts().md5);
  EXPECT_EQ(assembly.etag, Hex(md5.Finish()) + "-2");
  EXPECT_EQ(assembly.size, large_.size() + 3);
  EXPECT_EQ(assembly.crc32c, Crc32c(Whole()));
  EXPECT_FALSE(assembly.checksum);
}

TEST_F(AssemblyTest, RefusesWhatIsNoPartOfTheUpload) {
  Add(1, large_);
  Add(3, "end");
  EXPECT_EQ(CodeOf(Wanted({1, 3})), "");
  EXPECT_EQ(CodeOf({{2, "x", {}}}), "InvalidPart");
  EXPECT_EQ(CodeOf({{1, Md5Hex("other"), {}}}), "InvalidPart");
  std::vector<CompletedPart> summed = Wanted({1});
  summed[0].checksums.emplace_back(ChecksumAlgorithm::kCrc32, "AAAAAA==");
  EXPECT_EQ(CodeOf(summed), "InvalidPart") << "a checksum that the part does not have";
}

TEST_F(AssemblyTest, ChecksumsOfTheListAreComparedWithThoseOfTheParts) {
  terms_.checksum = ChecksumAlgorithm::kCrc32;
  Add(1, "only");
  std::vector<CompletedPart> wanted = Wanted({1});
  wanted[0].checksums.emplace_back(ChecksumAlgorithm::kCrc32,
                                   Base64(staged_[1]->facts().checksum->value));
  EXPECT_EQ(CodeOf(wanted), "");
  wanted[0].checksums[0].second = "AAAAAA==";
  EXPECT_EQ(CodeOf(wanted), "InvalidPart");
}

TEST_F(AssemblyTest, OnlyTheLastPartMayBeSmall) {
  Add(1, large_.substr(1));
  Add(2, large_);
  Add(3, "");
  EXPECT_EQ(CodeOf(Wanted({1, 2})), "EntityTooSmall");
  EXPECT_EQ(CodeOf(Wanted({2, 3})), "");
  EXPECT_EQ(CodeOf(Wanted({1})), "");
  EXPECT_EQ(CodeOf(Wanted({3})), "");
}

TEST_F(AssemblyTest, FullObjectChecksumsAreThoseOfTheBytes) {
  for (const auto algorithm :
       {ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c, ChecksumAlgorithm::kCrc64Nvme}) {
    terms_.checksum = algorithm;
    Add(1, larger_);
    Add(4, large_);
    Add(9, "the end");
    const Assembly assembly = Assemble(terms_, staged_, Wanted({1, 4, 9}));
    EXPECT_EQ(assembly.checksum, ComputeChecksum(algorithm, Whole())) << Name(algorithm);
    EXPECT_EQ(ChecksumText(*assembly.checksum, false, 3), Base64(assembly.checksum->value));
  }
}

TEST_F(AssemblyTest, CompositeChecksumsAreThoseOfTheChecksums) {
  terms_.composite = true;
  for (const auto algorithm : {ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c,
                               ChecksumAlgorithm::kSha1, ChecksumAlgorithm::kSha256}) {
    terms_.checksum = algorithm;
    Add(1, larger_);
    Add(2, "the end");
    const Assembly assembly = Assemble(terms_, staged_, Wanted({1, 2}));
    const std::string of =
        ComputeChecksum(algorithm, larger_).value + ComputeChecksum(algorithm, "the end").value;
    EXPECT_EQ(assembly.checksum, ComputeChecksum(algorithm, of)) << Name(algorithm);
    EXPECT_EQ(ChecksumText(*assembly.checksum, true, 2), Base64(assembly.checksum->value) + "-2");
  }
}

TEST_F(AssemblyTest, DescribesTheObject) {
  terms_.checksum = ChecksumAlgorithm::kSha256;
  terms_.composite = true;
  terms_.description.set_owner("alice");
  Add(1, large_);
  Add(2, "end");
  format::ObjectMetadata metadata;
  metadata.set_size(7);
  DescribeAssembly(terms_, Assemble(terms_, staged_, Wanted({1, 2})), metadata);
  EXPECT_EQ(metadata.owner(), "alice");
  EXPECT_EQ(metadata.size(), 7U);
  EXPECT_TRUE(metadata.composite_checksum());
  EXPECT_EQ(metadata.checksums(0).algorithm(), "SHA256");
  EXPECT_EQ(DecodeParts(metadata, 1, 1).front().checksum,
            ComputeChecksum(ChecksumAlgorithm::kSha256, "end"));
}

TEST_F(AssemblyTest, SourceIsThePartsInOrder) {
  Add(1, larger_);
  Add(2, large_);
  Add(3, "end");
  const Assembly assembly = Assemble(terms_, staged_, Wanted({1, 2, 3}));
  MultipartUpload upload(terms_, memory_.TakeBookkeeping(1).value(), MultipartUpload::Clock::now());
  VolumeHealth health;
  VolumeClient volumes({}, health);
  AssembledSource source(assembly, upload, volumes);
  EXPECT_EQ(source.size(), Whole().size());
  EXPECT_EQ(mkv::testing::ReadAll(source), Whole());
}

TEST_F(AssemblyTest, SourceEndsWhenTheUploadIsAborted) {
  Add(1, large_);
  const Assembly assembly = Assemble(terms_, staged_, Wanted({1}));
  MultipartUpload upload(terms_, memory_.TakeBookkeeping(1).value(), MultipartUpload::Clock::now());
  VolumeHealth health;
  VolumeClient volumes({}, health);
  AssembledSource source(assembly, upload, volumes);
  std::string buffer(1000, '\0');
  EXPECT_EQ(source.Read(buffer).bytes, 1000U);
  EXPECT_EQ(upload.BeginCompletion(), MultipartUpload::Begun::kYes);
  EXPECT_EQ(upload.Abort(), MultipartUpload::Aborted::kYes);
  EXPECT_THROW(source.Read(buffer), S3Error);
}

}  // namespace
}  // namespace mkv::s3
