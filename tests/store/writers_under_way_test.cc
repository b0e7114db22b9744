#include "mkvcore/store/writers_under_way.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mkv {
namespace {

TEST(WritersUnderWay, ExclusiveKeepsEveryoneElseOut) {
  WritersUnderWay writers;
  const WritersUnderWay::Token token = writers.TryExclusive("/key");
  ASSERT_TRUE(token);
  EXPECT_FALSE(writers.TryExclusive("/key"));
  EXPECT_TRUE(writers.TryExclusive("/other"));
}

TEST(WritersUnderWay, ReleasedTokensLetTheNextIn) {
  WritersUnderWay writers;
  WritersUnderWay::Token token = writers.TryExclusive("/key");
  token.Release();
  EXPECT_FALSE(token);
  token.Release();  // once more does nothing
  {
    const WritersUnderWay::Token second = writers.TryExclusive("/key");
    EXPECT_TRUE(second);
  }
  EXPECT_TRUE(writers.TryExclusive("/key")) << "the end of its scope releases a token";
}

TEST(WritersUnderWay, SharedAlwaysComeInAndKeepExclusiveOut) {
  WritersUnderWay writers;
  WritersUnderWay::Token first = writers.Shared("/key");
  WritersUnderWay::Token second = writers.Shared("/key");
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(writers.TryExclusive("/key"));
  first.Release();
  EXPECT_FALSE(writers.TryExclusive("/key")) << "the second one is still there";
  second.Release();
  EXPECT_TRUE(writers.TryExclusive("/key"));
}

TEST(WritersUnderWay, SharedComeInBesideAnExclusiveOne) {
  WritersUnderWay writers;
  WritersUnderWay::Token exclusive = writers.TryExclusive("/key");
  const WritersUnderWay::Token shared = writers.Shared("/key");
  EXPECT_TRUE(shared);
  exclusive.Release();
  EXPECT_FALSE(writers.TryExclusive("/key"));
}

TEST(WritersUnderWay, MovedTokensHoldTheKeyOnce) {
  WritersUnderWay writers;
  WritersUnderWay::Token first = writers.TryExclusive("/key");
  WritersUnderWay::Token second = std::move(first);
  EXPECT_FALSE(writers.TryExclusive("/key"));
  second = writers.TryExclusive("/other");
  EXPECT_TRUE(writers.TryExclusive("/key")) << "what is assigned to lets go of what it held";
  EXPECT_FALSE(writers.TryExclusive("/other"));
}

TEST(WritersUnderWay, WhatAWriteReliesOnIsKnownAsLongAsAnybodyIsUnderWayWithTheKey) {
  WritersUnderWay writers;
  WritersUnderWay::Token first = writers.Shared("/key");
  WritersUnderWay::Token second = writers.Shared("/key");
  EXPECT_EQ(writers.ReliedOnAt("/key"), kPlain);
  writers.ReliesOn("/key", 7);
  writers.ReliesOn("/key", 5);
  EXPECT_EQ(writers.ReliedOnAt("/key"), 7U);
  EXPECT_EQ(writers.ReliedOnAt("/other"), kPlain);
  first.Release();
  EXPECT_EQ(writers.ReliedOnAt("/key"), 7U);
  second.Release();
  const WritersUnderWay::Token later = writers.Shared("/key");
  EXPECT_EQ(writers.ReliedOnAt("/key"), kPlain);
}

TEST(WritersUnderWay, OneOfManyThreadsGetsTheKey) {
  WritersUnderWay writers;
  constexpr int kThreads = 8;
  constexpr int kRounds = 2000;
  std::atomic<int> inside{0};
  std::atomic<int> entered{0};
  std::atomic<bool> overlap{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const WritersUnderWay::Token token = writers.TryExclusive("/key");
        if (!token) continue;
        ++entered;
        if (inside.fetch_add(1) != 0) overlap = true;
        inside.fetch_sub(1);
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(overlap);
  EXPECT_GT(entered, 0);
  EXPECT_TRUE(writers.TryExclusive("/key"));
}

}  // namespace
}  // namespace mkv
