// What the gateway writes to its log, for the person who runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <string>
#include <thread>

#include "tests/gateway/gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Log : public GatewayTest {
 protected:
  // The lines are written beside the answers: they may come a little later.
  bool Shows(const std::string& pattern) {
    const std::regex line("(^|\\n)[0-9T:.-]+ (debug|info|warning) " + pattern + "(\\n|$)");
    for (int i = 0; i < 500; ++i) {
      if (std::regex_search(cluster().gateway().Log(), line)) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

constexpr const char* kId = "[0-9A-F]{16} ";
constexpr const char* kPeer = "127\\.0\\.0\\.1:[0-9]+ ";
constexpr const char* kTime = " [0-9]+\\.[0-9]ms";

TEST_F(Log, HasALineForEachRequestWhenVerbose) {
  Start({.arguments = {"-v"}});
  cluster().Put("/a key", "value");
  cluster().Put("/a key", "value");
  cluster().Get("/none");
  cluster().Head("/a key");
  cluster().List();
  const auto line = [](const std::string& rest) { return std::string(kId) + kPeer + rest + kTime; };
  EXPECT_TRUE(Shows(line("PUT /a%20key 201 in=5 out=0")));
  EXPECT_TRUE(Shows(line("PUT /a%20key 403 in=0 out=[1-9][0-9]*")));
  EXPECT_TRUE(Shows(line("GET /none 404 in=0 out=0")));
  EXPECT_TRUE(Shows(line("HEAD /a%20key 302 in=0 out=0")));
  EXPECT_TRUE(Shows(line("GET /\\?list 200 in=0 out=29"))) << cluster().gateway().Log();
}

TEST_F(Log, TellsOfRequestsThatCouldNotBeUnderstood) {
  Start({.arguments = {"-v"}});
  RawConnection connection(cluster().gateway().port());
  connection.Send("GET\x01 / HTTP/1.1\r\n\r\n");
  connection.ReadResponse();
  EXPECT_TRUE(Shows(std::string(kId) + kPeer + "- - 400 malformed method"))
      << cluster().gateway().Log();
}

TEST_F(Log, TellsOfClientsThatHungUp) {
  Start({.arguments = {"-v"}});
  RawConnection connection(cluster().gateway().port());
  connection.Send("PUT /key HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nvalue");
  connection.Close();
  EXPECT_TRUE(Shows(std::string(kId) + kPeer + "PUT /key 0 in=5 out=0" + kTime))
      << cluster().gateway().Log();
}

// A change may be made all the same.
TEST_F(Log, TellsOfRequestsWhoseClientHadGone) {
  Start({.arguments = {"-v", "-loops", "1"}});
  ASSERT_EQ(cluster().Put("/key", "value").status, 201);
  cluster().volume(1).Pause();  // so that no answer is there before the client has gone
  RawConnection deleting(cluster().gateway().port());
  deleting.Send("DELETE /key HTTP/1.1\r\nHost: x\r\n\r\n");
  RawConnection putting(cluster().gateway().port());
  putting.Send("PUT /new HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nvalue");
  RawConnection half(cluster().gateway().port());
  half.Send("PUT /half HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nvalue");
  // They have been received once a later one is answered.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(cluster().Get("/none").status, 404);
  deleting.Reset();
  putting.Reset();
  half.Reset();
  const auto line = [](const std::string& rest) { return std::string(kId) + kPeer + rest + kTime; };
  EXPECT_TRUE(Shows(line("PUT /half 0 in=5 out=0")));
  cluster().volume(1).Resume();
  EXPECT_TRUE(Shows(line("DELETE /key 0 in=0 out=0")));
  EXPECT_TRUE(Shows(line("PUT /new 0 in=5 out=0"))) << cluster().gateway().Log();
}

TEST_F(Log, HasNoRequestsOtherwise) {
  Start();
  cluster().Put("/key", "value");
  cluster().Get("/key");
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("/key")));
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("debug")));
}

TEST_F(Log, SaysThatAVolumeIsDownAndWhyAPutFailed) {
  Start();
  const std::string name = cluster().volume(1).name();
  cluster().volume(1).Kill();
  EXPECT_EQ(cluster().Put("/a \"key\"", "value").status, 500);
  EXPECT_EQ(cluster().Put("/a \"key\"", "value").status, 500);
  cluster().volume(1).Start();
  EXPECT_TRUE(Shows("volume " + name + " answers again")) << cluster().gateway().Log();
  EXPECT_EQ(cluster().Put("/a \"key\"", "value").status, 201);
  const std::string log = cluster().gateway().Log();
  // Why depends on whether the first look at it, at the start, met it alive.
  const std::string down = "volume " + name + " is down: ";
  EXPECT_THAT(log, ContainsRegex("warning " + down + "[A-Za-z]"));
  EXPECT_EQ(log.find(down), log.rfind(down)) << log;
  EXPECT_THAT(log, HasSubstr(R"(too few volumes took "/a \x22key\x22": )"));
  EXPECT_THAT(log,
              ContainsRegex("too few volumes took .*" + name + "/sv0[0-9]: Failed to connect"));
}

TEST_F(Log, NamesTheVolumesThatAreNotWhatTheyShouldBeAtTheStart) {
  Start({.volume_key = "0123456789abcdef"});
  EXPECT_EQ(cluster().gateway().Terminate(), 0);
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("warning volume")));
  cluster().gateway().options().environment["MKV_VOLUME_KEY"] = "another-key-than-that";
  cluster().volume(2).Kill();
  cluster().gateway().Start();
  EXPECT_TRUE(Shows("volume " + cluster().volume(0).name() +
                    " is closed to this gateway: HTTP status 403 .is MKV_VOLUME_KEY .*"))
      << cluster().gateway().Log();
  EXPECT_TRUE(Shows("volume " + cluster().volume(2).name() + " is down: .*"));
}

// As with a mistake in -db: what is there would be written over.
TEST_F(Log, SaysThatVolumesHoldValuesWhenTheIndexIsEmpty) {
  Start();
  ASSERT_EQ(cluster().Put("/key", "value").status, 201);
  EXPECT_EQ(cluster().gateway().Terminate(), 0);
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("seems to hold values")))
      << "that was its own";
  cluster().gateway().Start();
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_EQ(cluster().gateway().Terminate(), 0);
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("seems to hold values")));
  cluster().gateway().options().index = cluster().folder() / "indx";
  cluster().gateway().Start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Shows("volume " + cluster().volume(i).name() + " seems to hold values, .*"));
  }
  const std::string log = cluster().gateway().Log();
  const std::string said = cluster().volume(0).name() + " seems";
  EXPECT_EQ(log.find(said), log.rfind(said)) << log;
}

TEST_F(Log, SaysThatWhatTheListNamesIsNoVolume) {
  Start();
  Gateway over_a_gateway({.volumes = {cluster().gateway().url().substr(7)},
                          .index = cluster().folder() / "another",
                          .replicas = 1});
  for (int i = 0; i < 500 && over_a_gateway.Log().find("is it a volume?") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(over_a_gateway.Log(), HasSubstr("does not list its folder (is it a volume?)"));
  EXPECT_EQ(over_a_gateway.Terminate(), 0);
}

TEST_F(Log, SaysWhatIsServedAndThatAnyoneMay) {
  Start();
  EXPECT_TRUE(Shows("serving on 0\\.0\\.0\\.0:[0-9]+ over 3 volumes, 3 replicas"));
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("warning no credentials"));
}

}  // namespace
}  // namespace mkv::testing
