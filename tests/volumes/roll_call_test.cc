#include "mkvcore/volumes/roll_call.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "mkvcore/volumes/volume_health.h"
#include "tests/volumes/misbehaving_server.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;
using testing::MisbehavingServer;

TEST(RollCallTest, WaitsForNoVolume) {
  std::atomic<int> asked_to_list = 0;
  const MisbehavingServer volume([&asked_to_list](MisbehavingServer::Connection& connection, int) {
    for (std::string head = connection.ReadHead(); !head.empty(); head = connection.ReadHead()) {
      if (head.starts_with("GET ")) {
        ++asked_to_list;
        return connection.AwaitClose();
      }
      connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  VolumeHealth health;
  VolumeClient client({}, health);
  std::optional<RollCall> roll_call(std::in_place, client);
  for (int calls = 1; calls <= 2; ++calls) {
    const auto began = std::chrono::steady_clock::now();
    roll_call->Call({volume.name()});
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    for (int i = 0; i < 1000 && asked_to_list < calls; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(asked_to_list, calls);
  }
  const auto began = std::chrono::steady_clock::now();
  roll_call.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s) << "a listing is given 30 s";
}

}  // namespace
}  // namespace mkv
