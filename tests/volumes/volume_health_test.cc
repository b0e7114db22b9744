#include "mkvcore/volumes/volume_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(VolumeHealth, UnknownVolumeIsTakenForGood) {
  const VolumeHealth health;
  EXPECT_FALSE(health.IsDown("a:1/sv00"));
  EXPECT_TRUE(health.AcceptsWrites("a:1/sv00"));
  EXPECT_FALSE(health.AnsweringSince("a:1"));
}

TEST(VolumeHealth, SubvolumesShareTheFateOfTheirHost) {
  VolumeHealth health;
  health.Failed("a:1/sv03");
  EXPECT_TRUE(health.IsDown("a:1/sv07"));
  EXPECT_FALSE(health.AcceptsWrites("a:1"));
  EXPECT_FALSE(health.IsDown("a:11"));
  EXPECT_THAT(health.Down(), ElementsAre("a:1"));
}

TEST(VolumeHealth, AnyAnswerBringsAVolumeBack) {
  VolumeHealth health;
  health.Failed("a:1");
  health.Answered("a:1/sv00");
  EXPECT_FALSE(health.IsDown("a:1"));
  EXPECT_TRUE(health.AcceptsWrites("a:1"));
  EXPECT_THAT(health.Down(), IsEmpty());
}

TEST(VolumeHealth, RefusalKeepsWritesAwayButNotReads) {
  VolumeHealth health;
  health.Answered("a:1");
  health.AnsweredPut("a:1/sv01", 507);
  EXPECT_FALSE(health.AcceptsWrites("a:1"));
  EXPECT_FALSE(health.IsDown("a:1"));
  health.AnsweredPut("a:1", 201);
  EXPECT_TRUE(health.AcceptsWrites("a:1"));
}

TEST(VolumeHealth, AnsweringSinceStartsAnewAfterAFailure) {
  VolumeHealth health;
  health.Answered("a:1");
  const auto first = health.AnsweringSince("a:1");
  ASSERT_TRUE(first);
  health.Answered("a:1");
  EXPECT_EQ(health.AnsweringSince("a:1"), first);
  health.Failed("a:1");
  EXPECT_FALSE(health.AnsweringSince("a:1"));
  health.Answered("a:1");
  EXPECT_GE(*health.AnsweringSince("a:1"), *first);
}

}  // namespace
}  // namespace mkv
