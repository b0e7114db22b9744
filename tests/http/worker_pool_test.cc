#include "mkvcore/http/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using std::chrono::milliseconds;

bool TryRun(WorkerPool& pool, std::function<void()> work) { return pool.TryRun(work); }

void AwaitThreads(const WorkerPool& pool, std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (pool.threads() != count && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(pool.threads(), count);
}

TEST(WorkerPool, MakesThreadsOnDemandAndRefusesWhenAllAreBusy) {
  Gate gate;
  WorkerPool pool(2);
  EXPECT_EQ(pool.threads(), 0U);
  EXPECT_TRUE(TryRun(pool, [&] { gate.Wait(); }));
  EXPECT_TRUE(TryRun(pool, [&] { gate.Wait(); }));
  EXPECT_EQ(pool.threads(), 2U);
  std::function<void()> third = [] {};
  EXPECT_FALSE(pool.TryRun(third));
  EXPECT_TRUE(third);
  gate.Open();
}

TEST(WorkerPool, AFreeThreadIsUsedAgain) {
  WorkerPool pool(1);
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) {
    while (!TryRun(pool, [&] { ++ran; })) std::this_thread::yield();
  }
  pool.Stop();
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPool, IdleThreadsEndAndAreMadeAgain) {
  WorkerPool pool(2, milliseconds(10));
  std::atomic<int> ran{0};
  EXPECT_TRUE(TryRun(pool, [&] { ++ran; }));
  AwaitThreads(pool, 0);
  EXPECT_TRUE(TryRun(pool, [&] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 2);
}

// Else each would be used in turn, and none would ever end.
TEST(WorkerPool, WorkGoesToTheThreadThatBecameIdleLast) {
  WorkerPool pool(2, milliseconds(100));
  std::latch both(2);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(TryRun(pool, [&] { both.arrive_and_wait(); }));
  EXPECT_EQ(pool.threads(), 2U);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (pool.threads() == 2 && std::chrono::steady_clock::now() < end) {
    (void)TryRun(pool, [] {});
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_LT(pool.threads(), 2U);
}

TEST(WorkerPool, StopWaitsForWorkUnderWayAndRefusesMore) {
  Gate gate;
  std::atomic<bool> done{false};
  WorkerPool pool(4);
  EXPECT_TRUE(TryRun(pool, [&] {
    gate.Wait();
    done = true;
  }));
  std::thread opener([&] {
    std::this_thread::sleep_for(milliseconds(20));
    gate.Open();
  });
  pool.Stop();
  EXPECT_TRUE(done);
  EXPECT_FALSE(TryRun(pool, [] {}));
  opener.join();
}

TEST(WorkerPool, TakesWorkFromManyThreads) {
  WorkerPool pool(8, milliseconds(1));
  std::atomic<int> ran{0};
  std::atomic<int> taken{0};
  std::vector<std::thread> givers;
  for (int i = 0; i < 4; ++i) {
    givers.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        if (TryRun(pool, [&] { ++ran; })) ++taken;
      }
    });
  }
  for (std::thread& giver : givers) giver.join();
  pool.Stop();
  EXPECT_EQ(ran, taken);
  EXPECT_GT(ran, 0);
}

}  // namespace
}  // namespace mkv::http
