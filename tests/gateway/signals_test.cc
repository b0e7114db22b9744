// How the gateway ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "tests/gateway/gateway_test.h"
#include "tests/support/network.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Signals : public GatewayTest {
 protected:
  // Begins a PUT of 2,000,000 bytes and waits until it is under way.
  void BeginPut(RawConnection& connection, const std::string& key) {
    connection.Send("PUT " + key +
                    " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                    "Content-Length: 2000000\r\n\r\n");
    ASSERT_THAT(connection.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
    connection.Send("begin");
  }
  bool Logged(const std::string& text) {
    for (int i = 0; i < 1000; ++i) {
      if (cluster().gateway().Log().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

class Ends : public Signals, public ::testing::WithParamInterface<int> {};

TEST_P(Ends, LetRequestsUnderWayFinish) {
  Start();
  RawConnection idle(cluster().gateway().port());
  RawConnection writer(cluster().gateway().port());
  BeginPut(writer, "/key");
  cluster().gateway().Signal(GetParam());
  ASSERT_TRUE(Logged("stopping"));
  EXPECT_TRUE(idle.AwaitClose());
  EXPECT_TRUE(AwaitPort(cluster().gateway().port(), false, 10s)) << "no new connections";
  EXPECT_TRUE(cluster().gateway().running());

  writer.Send(std::string(2'000'000 - 5, 'x'));
  const std::string answer = writer.ReadResponse();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  // A second signal would not wait.
  for (int i = 0; i < 3000 && cluster().gateway().running(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(cluster().gateway().Terminate(), 0) << cluster().gateway().Log();

  cluster().gateway().Start();
  EXPECT_THAT(cluster().List(), ElementsAre("/key"));
  EXPECT_EQ(cluster().Get("/key").body.size(), 2'000'000U);
}

INSTANTIATE_TEST_SUITE_P(By, Ends, ::testing::Values(SIGTERM, SIGINT),
                         [](const auto& test) { return test.param == SIGTERM ? "Term" : "Int"; });

TEST_F(Signals, RequestsThatDoNotFinishInTimeAreBrokenOff) {
  Start({.arguments = {"-stop-timeout", "300ms"}});
  RawConnection writer(cluster().gateway().port());
  BeginPut(writer, "/key");
  EXPECT_EQ(cluster().gateway().Terminate(), 0) << cluster().gateway().Log();
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("-stop-timeout (0.3s) was over"));
  EXPECT_TRUE(writer.AwaitClose());
  cluster().gateway().Start();
  EXPECT_THAT(cluster().List(), IsEmpty());
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  for (int i = 0; i < 1000 && cluster().Files().size() > 3; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(cluster().Files().size(), 3U);
}

TEST_F(Signals, TheSecondOneEndsAtOnce) {
  Start();
  RawConnection writer(cluster().gateway().port());
  BeginPut(writer, "/key");
  cluster().gateway().Signal(SIGTERM);
  ASSERT_TRUE(Logged("stopping"));
  EXPECT_EQ(cluster().gateway().Terminate(10s), 130);
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("a second signal: ended at once"));
  cluster().gateway().Start();
  EXPECT_THAT(cluster().List(), IsEmpty());
}

TEST_F(Signals, HangUpWithoutAFileOfVolumesChangesNothing) {
  Start();
  cluster().gateway().Signal(SIGHUP);
  EXPECT_TRUE(Logged("re-read: 3 volumes"));
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
}

TEST_F(Signals, KillLosesNothingThatWasAnswered) {
  Start();
  ASSERT_EQ(cluster().Put("/key", "value").status, 201);
  RawConnection writer(cluster().gateway().port());
  BeginPut(writer, "/half");
  cluster().gateway().Kill();
  cluster().gateway().Start();
  EXPECT_THAT(cluster().List(), ElementsAre("/key"));
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_EQ(cluster().Put("/half", "whole").status, 201);
  EXPECT_EQ(cluster().Get("/half").body, "whole");
}

}  // namespace
}  // namespace mkv::testing
