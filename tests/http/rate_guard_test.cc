#include "mkvcore/http/rate_guard.h"

#include <gtest/gtest.h>

namespace mkv::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 1000 bytes a second over 10 s, on a clock that the test moves.
class RateGuardTest : public ::testing::Test {
 protected:
  RateGuard guard_{1000, seconds(10)};
  RateGuard::Clock::time_point now_{};
};

TEST_F(RateGuardTest, AClientThatDoesNothingForAWindowIsTooSlow) {
  guard_.BeginWait(now_);
  EXPECT_EQ(guard_.Deadline(now_), now_ + seconds(10));
  EXPECT_FALSE(guard_.TooSlow(now_ + milliseconds(9'999)));
  EXPECT_TRUE(guard_.TooSlow(now_ + seconds(10)));
}

TEST_F(RateGuardTest, AByteNowAndThenIsNotEnough) {
  bool slow = false;
  for (int i = 0; i < 10; ++i) {
    guard_.BeginWait(now_);
    now_ += seconds(1);
    slow = guard_.TooSlow(now_);
    guard_.Moved(1, now_);
  }
  EXPECT_TRUE(slow);
}

TEST_F(RateGuardTest, TheMinimumRateIsEnoughForEver) {
  for (int i = 0; i < 100; ++i) {
    guard_.BeginWait(now_);
    now_ += seconds(1);
    guard_.Moved(1000, now_);
    EXPECT_FALSE(guard_.TooSlow(now_)) << i;
  }
}

TEST_F(RateGuardTest, TimeInWhichNobodyWaitsForTheClientDoesNotCount) {
  guard_.BeginWait(now_);
  guard_.Moved(1, now_ + seconds(1));
  EXPECT_FALSE(guard_.TooSlow(now_ + seconds(1000)));
}

TEST_F(RateGuardTest, OneWaitCountsForNoMoreThanTheLongest) {
  RateGuard guard(1000, seconds(10), seconds(1));
  for (int i = 0; i < 9; ++i) {
    guard.BeginWait(now_);
    now_ += seconds(60);  // the caller was busy elsewhere
    EXPECT_FALSE(guard.TooSlow(now_)) << i;
  }
  EXPECT_TRUE(guard.TooSlow(now_ + seconds(60)));
}

TEST_F(RateGuardTest, AnEarlierWindowIsForgotten) {
  guard_.BeginWait(now_);
  guard_.Moved(1'000'000, now_ + seconds(10));
  EXPECT_FALSE(guard_.TooSlow(now_ + seconds(10)));
  guard_.BeginWait(now_ + seconds(10));
  EXPECT_TRUE(guard_.TooSlow(now_ + seconds(20)));
}

}  // namespace
}  // namespace mkv::http
