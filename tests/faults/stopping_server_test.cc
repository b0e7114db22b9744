// A server that stops while something large is on its way from volume to volume.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/faults/settled_store.h"
#include "tests/support/cluster.h"
#include "tests/support/generated_value.h"
#include "tests/volumes/misbehaving_server.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(StoppingServer, BreaksOffACopyThatTakesLongerThanItHas) {
  Cluster cluster({.volumes = 1, .replicas = 1, .arguments = {"-stop-timeout=300ms"}});
  // More than the sockets hold: its end, after which a volume may store it, is not sent.
  const std::string value = GeneratedValue(1, 60'000'000).Bytes();
  ASSERT_EQ(cluster.Put("/key", value).status, 201);
  ASSERT_EQ(cluster.gateway().Terminate(), 0);

  // A volume that has nothing, and takes the beginning of what it is given.
  std::atomic<bool> copying = false;
  std::atomic<bool> over = false;
  const MisbehavingServer full([&](MisbehavingServer::Connection& connection, int) {
    for (std::string head = connection.ReadHead(); !head.empty(); head = connection.ReadHead()) {
      if (head.starts_with("PUT ")) {
        connection.ReadBody(1'000'000);
        for (copying = true; !over;) std::this_thread::sleep_for(10ms);
        return;
      }
      connection.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const std::vector<std::string> volumes = cluster.gateway().options().volumes;
  cluster.gateway().options().volumes = {full.name()};
  cluster.gateway().Start();
  {
    const std::jthread asking([&cluster] { cluster.Rebalance("/key"); });
    for (int i = 0; i < 1000 && !copying; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_TRUE(copying);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(cluster.gateway().Terminate(), 0) << cluster.gateway().Log();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 8s) << "a volume is given 30 s";
    EXPECT_THAT(cluster.gateway().Log(), HasSubstr("-stop-timeout (0.3s) was over"));
    over = true;
  }

  cluster.gateway().options().volumes = volumes;
  cluster.gateway().Start();
  EXPECT_TRUE(cluster.Get("/key").body == value);
  EXPECT_TRUE(Settle(cluster).pending.empty());
}

}  // namespace
}  // namespace mkv::testing
