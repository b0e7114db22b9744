#include "mkvcore/volumes/volume_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Takes what is logged while it lives.
class Logged {
 public:
  Logged() {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%l: %v");
    spdlog::set_default_logger(logger);
  }
  ~Logged() { spdlog::set_default_logger(before_); }
  Logged(const Logged&) = delete;
  Logged& operator=(const Logged&) = delete;

  // Since the last call.
  std::string Take() {
    std::string text = text_.str();
    text_.str("");
    return text;
  }

 private:
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream text_;
};

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

TEST(VolumeHealth, VolumeThatLetsPutsRunOutOfTimeGetsNoneThoughItAnswersAllElse) {
  Logged logged;
  VolumeHealth health;
  health.Failed("a:1/sv01", "time is up");
  health.OverduePut("a:1/sv01");
  health.Answered("a:1/sv02");
  EXPECT_FALSE(health.IsDown("a:1"));
  EXPECT_FALSE(health.AcceptsWrites("a:1"));
  EXPECT_THAT(logged.Take(),
              HasSubstr("volume a:1 refuses values: a PUT was not answered in time"));
  health.AnsweredPut("a:1", 201);
  EXPECT_TRUE(health.AcceptsWrites("a:1"));
  EXPECT_EQ(logged.Take(), "info: volume a:1 takes values again\n");
}

TEST(VolumeHealth, TellsWhenAVolumeGoesDownAndComesBackOnce) {
  Logged logged;
  VolumeHealth health;
  health.Answered("a:1");
  EXPECT_EQ(logged.Take(), "");
  for (int i = 0; i < 3; ++i) health.Failed("a:1/sv03", "connection refused");
  EXPECT_EQ(logged.Take(), "warning: volume a:1 is down: connection refused\n");
  for (int i = 0; i < 3; ++i) health.Answered("a:1/sv04");
  EXPECT_EQ(logged.Take(), "info: volume a:1 answers again\n");
}

TEST(VolumeHealth, TellsWhyAVolumeRefusesValuesAndWhenItTakesThemAgain) {
  Logged logged;
  VolumeHealth health;
  for (int i = 0; i < 3; ++i) health.AnsweredPut("a:1/sv00", 507);
  EXPECT_EQ(logged.Take(), "warning: volume a:1 refuses values: HTTP status 507\n");
  for (int i = 0; i < 3; ++i) health.AnsweredPut("a:1/sv00", 201);
  EXPECT_EQ(logged.Take(), "info: volume a:1 takes values again\n");
  health.AnsweredPut("b:1", 403);
  EXPECT_THAT(logged.Take(),
              HasSubstr("volume b:1 refuses values: HTTP status 403 (is MKV_VOLUME_KEY"));
  health.AnsweredPut("c:1", 409);
  EXPECT_EQ(logged.Take(), "") << "it says something of the value";
}

// One that takes small values and no large ones would otherwise fill the log.
TEST(VolumeHealth, DoesNotTellOfEveryRequestToAVolumeThatCanNotDecide) {
  Logged logged;
  VolumeHealth health;
  for (int i = 0; i < 100; ++i) {
    health.AnsweredPut("a:1", 507);
    health.AnsweredPut("a:1", 201);
    health.Failed("a:1", "time is up");
    health.Answered("a:1");
  }
  const std::string text = logged.Take();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
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
