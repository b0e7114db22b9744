#include "s3api/multipart/part_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/volumes/resident_memory.h"

namespace mkv::s3 {
namespace {

using mkv::testing::kMemoryIsOurs;
using mkv::testing::ResidentBytes;

constexpr std::uint64_t kMiB = 1 << 20;
const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

TEST(PartMemory, CountsWholePages) {
  PartMemory memory(64 * kMiB);
  {
    const auto small = memory.TakeChunk(1);
    ASSERT_TRUE(small);
    EXPECT_EQ(small->bytes().size(), kPage);
    EXPECT_EQ(memory.used(), kPage);
    const auto large = memory.TakeChunk(PartMemory::kChunkBytes);
    ASSERT_TRUE(large);
    EXPECT_EQ(memory.used(), kPage + kMiB);
  }
  EXPECT_EQ(memory.used(), 0U);
}

TEST(PartMemory, ChunksEndBeforeTheLimitAndBookkeepingAtIt) {
  PartMemory memory(64 * kMiB);
  std::vector<PartMemory::Chunk> chunks;
  while (auto chunk = memory.TakeChunk(PartMemory::kChunkBytes)) {
    chunks.push_back(*std::move(chunk));
  }
  EXPECT_EQ(chunks.size(), 56U);  // 8 MiB are set aside
  EXPECT_FALSE(memory.TakeChunk(1));
  auto share = memory.TakeBookkeeping(8 * kMiB);
  EXPECT_TRUE(share);
  EXPECT_FALSE(memory.TakeBookkeeping(1));
  chunks.pop_back();
  EXPECT_TRUE(memory.TakeBookkeeping(1));
  EXPECT_FALSE(memory.TakeChunk(1)) << "what bookkeeping has taken is not there for chunks";
}

TEST(PartMemory, ATinyBudgetIsForBookkeepingAlone) {
  PartMemory memory(0);
  EXPECT_FALSE(memory.TakeChunk(1));
  EXPECT_TRUE(memory.TakeBookkeeping(4096));
}

TEST(PartMemory, GivesPagesBackToTheSystem) {
  if (!kMemoryIsOurs) GTEST_SKIP() << "a sanitizer has a memory of its own";
  PartMemory memory(256 * kMiB);
  const std::uint64_t before = ResidentBytes();
  {
    std::vector<PartMemory::Chunk> chunks;
    for (int i = 0; i < 200; ++i) {
      chunks.push_back(memory.TakeChunk(PartMemory::kChunkBytes).value());
      std::memset(chunks.back().bytes().data(), 'x', chunks.back().bytes().size());
    }
    EXPECT_GE(ResidentBytes(), before + 199 * kMiB);
  }
  EXPECT_LE(ResidentBytes(), before + 4 * kMiB);
}

TEST(PartMemory, ThreadsNeverTakeMoreThanThereIs) {
  PartMemory memory(32 * kMiB);
  std::atomic<bool> over{false};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 200; ++round) {
          std::vector<PartMemory::Chunk> chunks;
          for (int n = 0; n < 12; ++n) {
            if (auto chunk = memory.TakeChunk(PartMemory::kChunkBytes)) {
              chunks.push_back(*std::move(chunk));
            }
          }
          if (memory.used() > 24 * kMiB) over = true;
        }
      });
    }
  }
  EXPECT_FALSE(over);
  EXPECT_EQ(memory.used(), 0U);
}

}  // namespace
}  // namespace mkv::s3
