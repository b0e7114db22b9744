// The gateway runs out of descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Descriptors : public GatewayTest {};

TEST_F(Descriptors, RunningOutOfThemIsToldAndEndsWithTheConnectionsThatHoldThem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "UBSan looks at memory through a pipe(2), and takes what it can not see for bad";
#endif
  // More connections than descriptors, so that accept(2) fails and not the limit before it.
  Start({.arguments = {"-max-connections", "100000"}, .run_by = {"prlimit", "--nofile=100:100"}});
  ASSERT_EQ(cluster().Put("/key", "value").status, 201);
  // Accepted before the others come: each event loop has its own listener, so that what waits at
  // one may find all descriptors taken by the other.
  RawConnection first(cluster().gateway().port());
  first.Send("GET /key HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_THAT(first.ReadResponse(), StartsWith("HTTP/1.1 302 "));
  std::vector<RawConnection> holding;
  for (int i = 0; i < 150; ++i) {
    holding.emplace_back(cluster().gateway().port());
    // Inside a request, so that none can be closed as idle.
    holding.back().Send("GET /key HTTP/1.1\r\n");
  }
  for (int i = 0; i < 500; ++i) {
    if (cluster().gateway().Log().find("can not accept a connection") != std::string::npos) break;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("can not accept a connection: Too many open"));
  // Who was accepted is served all the same.
  first.Send("GET /key HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.ReadResponse(), StartsWith("HTTP/1.1 "));
  holding.clear();
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_EQ(cluster().Put("/other", "value").status, 201);
}

// Uploads that take their time hold a connection to each volume.
TEST_F(Descriptors, SlowUploadsLeaveSomeForOthers) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "UBSan looks at memory through a pipe(2), and takes what it can not see for bad";
#endif
  Start({.run_by = {"prlimit", "--nofile=250:250"}});
  std::vector<RawConnection> uploads;
  for (int i = 0; i < 70; ++i) {
    uploads.emplace_back(cluster().gateway().port());
    uploads.back().Send("PUT /slow" + std::to_string(i) +
                        " HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\nvalue");
  }
  EXPECT_THAT(uploads.back().ReadResponse(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  EXPECT_EQ(cluster().Get("/key").body, "value");
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("Too many open files")));
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("is down")));
}

}  // namespace
}  // namespace mkv::testing
