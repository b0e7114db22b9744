// Many clients at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/gateway_test.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using ::testing::AnyOf;
using ::testing::SizeIs;

class Concurrency : public GatewayTest {
 protected:
  // Runs `work(client, number)` on that many threads at once, each with a client of its own.
  template <typename Work>
  void Together(int clients, const Work& work) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&work, i] {
        HttpClient client;
        work(client, i);
      });
    }
  }
};

TEST_F(Concurrency, OneOfManyPutsOfAKeyWins) {
  Start();
  constexpr int kClients = 16;
  for (int round = 0; round < 10; ++round) {
    const std::string url = cluster().gateway().Url("/key" + std::to_string(round));
    std::vector<int> statuses(kClients);
    Together(kClients, [&](HttpClient& client, int i) {
      // Above and below what the loop collects.
      const GeneratedValue value(static_cast<std::uint64_t>(i), i % 2 == 0 ? 1000 : 2'000'000);
      statuses[static_cast<std::size_t>(i)] =
          client
              .Do({.method = "PUT", .url = url, .producer = value.Producer(), .size = value.size()})
              .status;
    });
    std::optional<int> winner;
    for (int i = 0; i < kClients; ++i) {
      const int status = statuses[static_cast<std::size_t>(i)];
      EXPECT_THAT(status, AnyOf(201, 403, 409));
      if (status != 201) continue;
      EXPECT_FALSE(winner) << "two of them were told that they wrote the value";
      winner = i;
    }
    ASSERT_TRUE(winner);
    const GeneratedValue value(static_cast<std::uint64_t>(*winner),
                               *winner % 2 == 0 ? 1000 : 2'000'000);
    EXPECT_EQ(cluster().client().Fetch(url).md5, value.Md5());
    EXPECT_EQ(cluster().client().Do({.method = "HEAD", .url = url}).Header("Content-Md5"),
              value.Md5());
  }
  EXPECT_THAT(cluster().Files(), SizeIs(3 * 10)) << "the losers left nothing";
}

TEST_F(Concurrency, SixtyFourClientsOverAThousandKeysSeeWholeValuesOnly) {
  Start();
  constexpr int kClients = 64;
  constexpr int kKeys = 1000;
  constexpr int kRequests = 60;  // of each client
  const auto key = [](int i) { return "/keys/" + std::to_string(i); };
  // A value tells its key and is as long as it says.
  const auto make_value = [&key](int i, int client) {
    const std::string text = key(i) + " by " + std::to_string(client) + ";";
    return text + std::string(static_cast<std::size_t>(i) * 7, 'x') + text;
  };
  const auto is_whole = [&key](int i, const std::string& value) {
    const std::string text = value.substr(0, value.find(';') + 1);
    return text.starts_with(key(i) + " by ") && value.ends_with(text) &&
           value.size() == 2 * text.size() + static_cast<std::size_t>(i) * 7;
  };
  std::atomic<int> unexpected{0};
  std::atomic<int> torn{0};
  std::atomic<int> stored{0};
  const Gateway& gateway = cluster().gateway();
  Together(kClients, [&](HttpClient& client, int number) {
    std::mt19937 random(static_cast<unsigned>(number));
    const auto check = [&unexpected](const HttpResponse& response,
                                     std::initializer_list<int> expected) {
      if (std::find(expected.begin(), expected.end(), response.status) != expected.end()) return;
      ++unexpected;
      ADD_FAILURE() << response.status << " " << response.error << " " << response.body;
    };
    for (int request = 0; request < kRequests; ++request) {
      const int i = static_cast<int>(random() % kKeys);
      const std::string url = gateway.Url(key(i));
      switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
          const HttpResponse put = client.Put(url, make_value(i, number));
          check(put, {201, 403, 409});
          if (put.status == 201) ++stored;
          break;
        }
        case 3:
          check(client.Do({.method = "DELETE", .url = url}), {204, 404, 409});
          break;
        case 4:
          check(client.Do({.method = "UNLINK", .url = url}), {204, 404, 409});
          break;
        case 5:
          check(client.Do({.method = "REBALANCE", .url = url}), {204, 404, 409});
          break;
        case 6:
          check(client.Get(gateway.url() + "/keys/1?list"), {200});
          break;
        default: {
          // A native DELETE removes the files at once: 404 may also come from the volume.
          const HttpResponse got = client.Do({.url = url, .follow_redirects = true});
          check(got, {200, 404});
          if (got.status == 200 && !is_whole(i, got.body)) ++torn;
        }
      }
    }
  });
  EXPECT_EQ(unexpected, 0);
  EXPECT_EQ(torn, 0);
  EXPECT_GT(stored, 0);

  // At rest: what is listed can be read, and what is on the volumes is listed.
  const std::vector<std::string> live = cluster().List();
  for (const std::string& name : live) {
    const HttpResponse got = cluster().Get(name);
    EXPECT_EQ(got.status, 200) << name;
    EXPECT_TRUE(is_whole(std::stoi(name.substr(6)), got.body)) << name;
  }
  EXPECT_GT(live.size(), 0U);
}

}  // namespace
}  // namespace mkv::testing
