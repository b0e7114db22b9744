#include "mkvcore/store/generation_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace mkv {
namespace {

TEST(GenerationClock, IssuesTheTimeInMicroseconds) {
  GenerationClock clock;
  const auto before = static_cast<Generation>(WallClockMicros());
  const Generation issued = clock.Next();
  EXPECT_GE(issued, before);
  EXPECT_LE(issued, static_cast<Generation>(WallClockMicros()));
  EXPECT_GT(issued, Generation{1'600'000'000'000'000}) << "microseconds since the epoch";
}

TEST(GenerationClock, NeverIssuesTheSameTwice) {
  GenerationClock clock;
  Generation last = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Generation next = clock.Next();
    ASSERT_GT(next, last);
    last = next;
  }
}

// A clock that was set back, or a key that a machine with a clock in the future wrote.
TEST(GenerationClock, GoesBeyondWhatAKeyHad) {
  GenerationClock clock;
  const Generation future = static_cast<Generation>(WallClockMicros()) + 3'600'000'000ULL;
  EXPECT_EQ(clock.Next(future), future + 1);
  EXPECT_EQ(clock.Next(), future + 2) << "and never back again";
  EXPECT_EQ(clock.Next(future), future + 3);
}

TEST(GenerationClock, IssuesEachThreadItsOwn) {
  GenerationClock clock;
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  std::vector<std::vector<Generation>> issued(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::vector<Generation>& mine : issued) {
      threads.emplace_back([&clock, &mine] {
        for (std::size_t i = 0; i < kEach; ++i) mine.push_back(clock.Next());
      });
    }
  }
  std::vector<Generation> all;
  for (const auto& mine : issued) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

}  // namespace
}  // namespace mkv
