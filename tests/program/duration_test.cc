#include "s3api/program/duration.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string_view>

namespace mkv {
namespace {

using namespace std::chrono_literals;

TEST(Duration, HasANumberAndAUnit) {
  EXPECT_EQ(ParseDuration("1s"), 1000ms);
  EXPECT_EQ(ParseDuration("500ms"), 500ms);
  EXPECT_EQ(ParseDuration("2m"), 120s);
  EXPECT_EQ(ParseDuration("24h"), 24h);
  EXPECT_EQ(ParseDuration("1500us"), 2ms);
}

TEST(Duration, MayHaveSeveralParts) {
  EXPECT_EQ(ParseDuration("1m30s"), 90s);
  EXPECT_EQ(ParseDuration("1h2m3s4ms"), 1h + 2min + 3s + 4ms);
}

TEST(Duration, MayHaveAFraction) {
  EXPECT_EQ(ParseDuration("1.5h"), 90min);
  EXPECT_EQ(ParseDuration("0.25s"), 250ms);
  EXPECT_EQ(ParseDuration(".5s"), 500ms);
}

TEST(Duration, OfZeroNeedsNoUnit) {
  EXPECT_EQ(ParseDuration("0"), 0ms);
  EXPECT_EQ(ParseDuration("0s"), 0ms);
}

TEST(Duration, IsNothingElse) {
  for (const std::string_view text :
       {"", "5", "s", "1", "1d", "-1s", "1s ", " 1s", "1e3s", "nan", "inf", "infs", "nans", "1s1",
        "1 s", "0x1s", "999999999999999h", "1.2.3s"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mkv
