#include "mkvcore/index/key_locks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>

namespace mkv {
namespace {

TEST(KeyLocksTest, TheSameKeyTwiceInOneSetDoesNotBlock) {
  KeyLocks locks;
  const KeyLocks::Guard guard(locks, {"a", "b", "a"});
}

TEST(KeyLocksTest, ASetWithoutKeysDoesNotBlock) {
  KeyLocks locks;
  const KeyLocks::Guard all(locks, {"a"});
  const KeyLocks::Guard none(locks, {});
}

TEST(KeyLocksTest, OverlappingSetsExcludeEachOtherAndNeverBlockForEver) {
  KeyLocks locks;
  constexpr int kKeys = 6;
  int owners[kKeys] = {};  // guarded by the keys' locks alone
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(thread);
      for (int i = 0; i < 2000; ++i) {
        std::vector<std::string> names;
        for (int n = 0; n < 3; ++n) names.push_back(std::to_string(random() % kKeys));
        const KeyLocks::Guard guard(locks, {names.begin(), names.end()});
        for (const std::string& name : names) ++owners[std::stoi(name)];
        for (const std::string& name : names) --owners[std::stoi(name)];
      }
    });
  }
  threads.clear();
  for (int owner : owners) EXPECT_EQ(owner, 0);
}

TEST(KeyLocksTest, AKeyGoesToWhoHasWaitedLongest) {
  KeyLocks locks;
  std::optional<KeyLocks::Guard> guard;
  guard.emplace(locks, std::vector<std::string_view>{"a"});
  std::atomic<bool> got_it = false;
  std::jthread waiter([&] {
    const KeyLocks::Guard waited(locks, {"a"});
    got_it = true;
  });
  // Whoever comes again at once does not overtake the one that waits already.
  for (int i = 0; !got_it && i < 100000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(i == 0 ? 20 : 0));
    guard.reset();
    guard.emplace(locks, std::vector<std::string_view>{"a"});
  }
  EXPECT_TRUE(got_it);
}

}  // namespace
}  // namespace mkv
