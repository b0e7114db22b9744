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
using ::testing::HasSubstr;
using ::testing::Not;

class Log : public GatewayTest {
 protected:
  // The lines are written beside the answers: they may come a little later.
  bool Shows(const std::string& pattern) {
    const std::regex line("(^|\\n)[0-9T:.-]+ (debug|info) " + pattern + "(\\n|$)");
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

TEST_F(Log, HasNoRequestsOtherwise) {
  Start();
  cluster().Put("/key", "value");
  cluster().Get("/key");
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("/key")));
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("debug")));
}

TEST_F(Log, SaysWhatIsServedAndThatAnyoneMay) {
  Start();
  EXPECT_TRUE(Shows("serving on 0\\.0\\.0\\.0:[0-9]+ over 3 volumes, 3 replicas"));
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("warning no credentials"));
}

}  // namespace
}  // namespace mkv::testing
