// Parts that fit into memory and parts that do not, over real volumes and a real index.
#include "s3api/multipart/part_stager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/volumes/volume_health.h"
#include "s3api/protocol/error.h"
#include "tests/multipart/staged_parts.h"
#include "tests/support/generated_value.h"
#include "tests/support/temp_folder.h"
#include "tests/volumes/generated_source.h"
#include "tests/volumes/test_volume.h"

namespace mkv::s3 {
namespace {

using namespace std::chrono_literals;
using mkv::testing::GeneratedSource;
using mkv::testing::Md5Hex;
using mkv::testing::ReadAll;
using mkv::testing::ValueOf;

constexpr std::uint64_t kMiB = 1 << 20;
// Room for two chunks of parts.
constexpr std::uint64_t kBudget = 2 * kMiB + PartMemory::kLeastBookkeeping;

class PartStagerTest : public ::testing::Test {
 protected:
  std::shared_ptr<StagedPart> Stage(std::uint64_t size,
                                    std::optional<ChecksumAlgorithm> checksum = {}) {
    GeneratedSource source(size, GeneratedSource::Length::kKnown);
    return stager_.Stage(source, "upload", checksum);
  }
  std::size_t FileCount() { return first_.Files().size() + second_.Files().size(); }
  bool FilesVanish() { return first_.BecomesEmpty() && second_.BecomesEmpty(); }

  mkv::testing::TestVolume first_, second_;
  mkv::testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open((folder_.path() / "index").string());
  VolumeHealth health_;
  VolumeClient volumes_{{}, health_};
  Store store_{*index_,
               volumes_,
               std::make_shared<const Placement>(
                   std::vector<std::string>{first_.name(), second_.name()}, 2, 1),
               {}};
  GarbageCollector collector_{store_};
  PartMemory memory_{kBudget};
  TransferSlots slots_{2};
  PartStager stager_{store_, memory_, slots_};
};

TEST_F(PartStagerTest, KeepsInMemoryWhatFits) {
  const auto part = Stage(2 * kMiB - 100, ChecksumAlgorithm::kSha256);
  EXPECT_TRUE(part->in_memory());
  const std::string value = ValueOf(2 * kMiB - 100);
  EXPECT_EQ(part->facts().size, value.size());
  EXPECT_EQ(part->ETag(), Md5Hex(value));
  EXPECT_EQ(part->facts().crc32c, Crc32c(value));
  EXPECT_EQ(part->facts().checksum, ComputeChecksum(ChecksumAlgorithm::kSha256, value));
  EXPECT_EQ(ReadAll(*part->Open(volumes_)), value);
  EXPECT_EQ(FileCount(), 0U);
}

TEST_F(PartStagerTest, SpillsToOneVolumeWhatDoesNotFitAndGivesItsMemoryBack) {
  collector_.Start();
  auto part = Stage(3 * kMiB + 5, ChecksumAlgorithm::kCrc32);
  EXPECT_FALSE(part->in_memory());
  EXPECT_EQ(memory_.used(), 0U);
  EXPECT_EQ(FileCount(), 1U);
  const std::string value = ValueOf(3 * kMiB + 5);
  EXPECT_EQ(part->ETag(), Md5Hex(value));
  EXPECT_EQ(part->facts().crc32c, Crc32c(value));
  EXPECT_EQ(part->facts().checksum, ComputeChecksum(ChecksumAlgorithm::kCrc32, value));
  EXPECT_EQ(ReadAll(*part->Open(volumes_)), value);

  // It is known to the index as long as it is wanted, and to nobody as a value.
  std::this_thread::sleep_for(1200ms);
  EXPECT_EQ(FileCount(), 1U) << "the garbage collector has been here";
  const auto records = index_->NewIterator();
  records->Seek("/");
  EXPECT_TRUE(!records->Valid() || !records->key().starts_with("/"));
  part.reset();
  EXPECT_TRUE(FilesVanish());
}

TEST_F(PartStagerTest, GoesToTheOtherVolumeWhenOneIsGone) {
  first_.Kill();
  for (int i = 0; i < 4; ++i) {
    const auto part = Stage(5 * kMiB);
    EXPECT_EQ(ReadAll(*part->Open(volumes_)), ValueOf(5 * kMiB));
    EXPECT_EQ(second_.Files().size(), 1U + static_cast<unsigned>(i));
  }
}

TEST_F(PartStagerTest, SaysSlowDownWhenNobodyTakesIt) {
  first_.Kill();
  second_.Kill();
  try {
    Stage(5 * kMiB);
    FAIL() << "no volume can have taken it";
  } catch (const S3Error& error) {
    EXPECT_EQ(error.code(), "SlowDown");
    EXPECT_EQ(error.status(), 503);
    ASSERT_EQ(error.headers().size(), 1U);
    EXPECT_EQ(error.headers()[0].first, "Retry-After");
  }
  EXPECT_EQ(memory_.used(), 0U);
  EXPECT_TRUE(Stage(kMiB)->in_memory());
}

TEST_F(PartStagerTest, ASourceThatFailsLeavesNothing) {
  collector_.Start();
  for (const std::uint64_t size : {kMiB, 6 * kMiB}) {
    GeneratedSource source(size, GeneratedSource::Length::kKnown);
    source.set_before_read([size](std::uint64_t read) {
      if (read >= size / 2) throw SourceError("the client is gone");
    });
    EXPECT_THROW(stager_.Stage(source, "upload", {}), SourceError);
    GeneratedSource shorter(size - 1, GeneratedSource::Length::kKnown);
    shorter.set_announced(size);
    EXPECT_THROW(stager_.Stage(shorter, "upload", {}), SourceError);
    GeneratedSource longer(size + 1, GeneratedSource::Length::kKnown);
    longer.set_announced(size);
    EXPECT_THROW(stager_.Stage(longer, "upload", {}), SourceError);
  }
  EXPECT_EQ(memory_.used(), 0U);
  EXPECT_TRUE(FilesVanish());
}

TEST_F(PartStagerTest, ManyAtOnceStayWithinTheBudget) {
  std::vector<std::shared_ptr<StagedPart>> parts(12);
  {
    std::vector<std::jthread> threads;
    for (auto& part : parts) {
      threads.emplace_back([this, &part] { part = Stage(kMiB + 7); });
    }
  }
  EXPECT_LE(memory_.used(), 2 * kMiB);
  const std::string value = ValueOf(kMiB + 7);
  for (const auto& part : parts) EXPECT_EQ(ReadAll(*part->Open(volumes_)), value);
}

TEST_F(PartStagerTest, WhatADeadProcessLeftIsDeletedByTheNext) {
  // As after a crash: the intent stays, and nobody handles it.
  auto part = Stage(5 * kMiB);
  EXPECT_EQ(FileCount(), 1U);
  const std::filesystem::path copy = folder_.path() / "copy";
  index_->Sync();
  std::filesystem::copy(folder_.path() / "index", copy);
  std::filesystem::remove(copy / "LOCK");
  const auto index = LevelDbIndex::Open(copy.string());
  Store store(*index, volumes_, store_.placement(), {});
  GarbageCollector collector(store);
  // It is asked for a second time later, for nobody knows what was under way.
  EXPECT_EQ(collector.RunPass(/*hurry=*/true).pending, 1U);
  EXPECT_EQ(FileCount(), 0U);
}

TEST_F(PartStagerTest, WhatARebuildTookForAValueIsDropped) {
  const mkv::testing::TempFolder other;
  auto source = std::make_unique<GeneratedSource>(1000, GeneratedSource::Length::kKnown);
  ASSERT_EQ(store_.Replace("/.mkv/part/upload/1", *source, {}).outcome, Outcome::kDone);
  source = std::make_unique<GeneratedSource>(1000, GeneratedSource::Length::kKnown);
  ASSERT_EQ(store_.Replace("/.mkv/bucket/b", *source, {}).outcome, Outcome::kDone);
  EXPECT_EQ(store_.DropStaged(), 1U);
  EXPECT_FALSE(store_.Find("/.mkv/part/upload/1"));
  EXPECT_TRUE(store_.Find("/.mkv/bucket/b"));
  EXPECT_EQ(store_.DropStaged(), 0U);
}

}  // namespace
}  // namespace mkv::s3
