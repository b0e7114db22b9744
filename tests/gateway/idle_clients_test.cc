// Clients that do nothing, or next to nothing, cost the others nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/gateway_test.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::StartsWith;

class IdleClients : public GatewayTest {
 protected:
  static void RaiseOpenFileLimit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  // The time of a PUT and a GET of one ordinary client that nine of ten take no longer than. Not
  // the slowest one: something else on a busy machine may have held it up.
  std::chrono::milliseconds MostTakeNoLongerThan(std::size_t requests, const std::string& prefix) {
    std::vector<std::chrono::steady_clock::duration> times;
    for (std::size_t i = 0; i < requests; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      const std::string key = prefix + std::to_string(i);
      EXPECT_EQ(cluster().Put(key, "value").status, 201);
      EXPECT_EQ(cluster().Get(key).body, "value");
      times.push_back(std::chrono::steady_clock::now() - begin);
    }
    std::sort(times.begin(), times.end());
    return std::chrono::duration_cast<std::chrono::milliseconds>(times[requests * 9 / 10]);
  }
  unsigned Threads() {
    unsigned count = 0;
    for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(cluster().gateway().pid()) + "/task")) {
      ++count;
    }
    return count;
  }

  // A request that waited for one of the others would take as long as it: seconds at least.
  static constexpr auto kNoDelay = 3s;
};

TEST_F(IdleClients, AThousandIdleConnectionsDelayNobody) {
  RaiseOpenFileLimit();
  Start();
  MostTakeNoLongerThan(5, "/before");
  const unsigned threads = Threads();
  std::vector<RawConnection> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.emplace_back(cluster().gateway().port());
    // Half of them have been served before, and keep the connection.
    if (i % 2 == 0) idle.back().Send("HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  for (std::size_t i = 0; i < idle.size(); i += 2) {
    ASSERT_THAT(idle[i].ReadResponse(/*after_head=*/true), StartsWith("HTTP/1.1 404 "));
  }
  EXPECT_LT(MostTakeNoLongerThan(50, "/key"), kNoDelay);
  EXPECT_LE(Threads(), threads + 8) << "an idle connection holds no thread";
  EXPECT_FALSE(idle[1].AwaitClose(0ms));
}

TEST_F(IdleClients, TwoHundredThatSendAByteASecondDelayNobody) {
  Start();
  // A third each: in the middle of the head, of a small body, of one that has a worker.
  std::vector<RawConnection> slow;
  for (int i = 0; i < 200; ++i) {
    slow.emplace_back(cluster().gateway().port());
    const std::string number = std::to_string(i);
    slow.back().Send("PUT /slow" + number + " HTTP/1.1\r\nHost: x\r\n");
    if (i % 3 == 1) slow.back().Send("Content-Length: 5000\r\n\r\n");
    if (i % 3 == 2) slow.back().Send("Transfer-Encoding: chunked\r\n\r\n1000000\r\n");
  }
  std::jthread sender([&slow](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (RawConnection& connection : slow) connection.Send("x");
      std::this_thread::sleep_for(1s);
    }
  });
  EXPECT_LT(MostTakeNoLongerThan(100, "/key"), kNoDelay);
  sender.request_stop();
  sender.join();
  slow.clear();
  EXPECT_EQ(cluster().List("/slow").size(), 0U);
}

}  // namespace
}  // namespace mkv::testing
