// The gateway is killed while many clients write, and again while it recovers. Whatever it had
// acknowledged is there afterwards, whatever it had not is whole or absent, and nothing else is.
//
// MKV_SEED=N repeats a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/settled_store.h"
#include "tests/support/generated_value.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

// What a key may hold: "" for nothing, "-" before the value for an unlinked one. One state once
// acknowledged; several while the fate of a request is unknown.
using States = std::set<std::string>;

std::string Unlinked(const std::string& state) { return "-" + state; }
bool IsLive(const std::string& state) { return !state.empty() && state[0] != '-'; }

// The keys of one client, which nobody else changes. A value is named by its seed and size.
class Client {
 public:
  Client(int number, std::uint64_t seed, std::string url)
      : prefix_("/client" + std::to_string(number) + "/"), url_(std::move(url)), random_(seed) {}

  // Until `stop` is set or the gateway does not answer.
  void Work(const std::atomic<bool>& stop) {
    HttpClient http;
    while (!stop && Step(http)) {
    }
  }

  // Finds out what became of every key, which must be one of its states; then it is the only one.
  void Check(Cluster& cluster, const std::set<std::string>& listed,
             const std::set<std::string>& unlinked) {
    for (auto& [key, states] : keys_) {
      const HttpResponse got = cluster.Get(key);
      std::string found;
      if (got.status == 200) {
        found = NameOf(got.body);
      } else {
        ASSERT_EQ(got.status, 404) << key << got.error;
        if (unlinked.contains(key)) {
          // Which value it had is not to be seen.
          for (const std::string& state : states) {
            if (state[0] == '-') found = state;
          }
          ASSERT_FALSE(found.empty()) << key << " is unlinked";
        }
      }
      ASSERT_TRUE(states.contains(found)) << key << " holds " << found;
      EXPECT_EQ(listed.contains(key), IsLive(found)) << key;
      states = {found};
    }
  }
  std::size_t known() const {
    std::size_t count = 0;
    for (const auto& [key, states] : keys_) count += states.contains("") ? 0 : 1;
    return count;
  }
  const std::map<std::string, States>& keys() const { return keys_; }
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  // The first bytes tell seed and size; the rest follows from them.
  static std::string ValueOf(const std::string& name) {
    const std::size_t comma = name.find(',');
    const GeneratedValue value(std::stoull(name), std::stoull(name.substr(comma + 1)));
    return name + "\n" + value.Bytes();
  }
  static std::string NameOf(const std::string& body) {
    const std::string name = body.substr(0, body.find('\n'));
    if (name.find(',') == std::string::npos || ValueOf(name) != body) return "something else";
    return name;
  }

  bool Step(HttpClient& http) {
    const std::string key = prefix_ + std::to_string(random_() % 12);
    States& states = keys_.try_emplace(key, States{""}).first->second;
    const std::string before = *states.begin();  // known: an unknown one ends the work
    const unsigned choice = random_() % 10;
    HttpRequest request{.url = url_ + key, .timeout = 30s};
    std::string after = before;
    if (before.empty() || (!IsLive(before) && choice < 5)) {
      const std::uint64_t size = choice == 0 ? (3 << 20) : random_() % 20'000;
      after = std::to_string(random_() % 1'000'000) + "," + std::to_string(size);
      request.method = "PUT";
      request.body = ValueOf(after);
    } else if (IsLive(before) && choice < 3) {
      request.method = "UNLINK";
      after = Unlinked(before);
    } else {
      request.method = "DELETE";
      after = "";
    }
    const HttpResponse response = http.Do(request);
    if (response.status == 201 || response.status == 204) {
      states = {after};
      return true;
    }
    // Killed in between. A refusal would be a fault: these keys are nobody else's.
    states.insert(after);
    if (response.status >= 200) {
      refusals_.push_back(request.method + std::to_string(response.status));
    }
    return false;
  }

  const std::string prefix_;
  const std::string url_;
  std::mt19937_64 random_;
  std::map<std::string, States> keys_;
  std::vector<std::string> refusals_;
};

std::uint64_t Seed() {
  const char* given = std::getenv("MKV_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

std::set<std::string> AsSet(const std::vector<std::string>& keys) {
  return {keys.begin(), keys.end()};
}

void KillAgainAndAgain(int rounds) {
  const std::uint64_t seed = Seed();
  SCOPED_TRACE("MKV_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  Cluster cluster(Impatient());
  std::vector<Client> clients;
  for (int i = 0; i < 12; ++i) clients.emplace_back(i, random(), cluster.gateway().url());

  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::atomic<bool> stop{false};
    {
      std::vector<std::jthread> threads;
      for (Client& client : clients) {
        threads.emplace_back([&client, &stop] { client.Work(stop); });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 400));
      cluster.gateway().Kill();
      stop = true;
    }
    // While it recovers.
    for (int again = static_cast<int>(random() % 3); again > 0; --again) {
      cluster.gateway().Start();
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
      cluster.gateway().Kill();
    }
    cluster.gateway().Start();
    const std::set<std::string> listed = AsSet(cluster.List());
    const std::set<std::string> unlinked = AsSet(cluster.List("/", "unlinked"));
    std::size_t live = 0;
    for (Client& client : clients) {
      client.Check(cluster, listed, unlinked);
      if (::testing::Test::HasFatalFailure()) return;
      EXPECT_THAT(client.refusals(), IsEmpty());
      for (const auto& [key, states] : client.keys()) live += IsLive(*states.begin()) ? 1 : 0;
    }
    EXPECT_EQ(listed.size(), live) << "nothing else is listed";
  }

  const SettledStore store = ExpectNothingLeftOver(cluster);
  std::size_t known = 0;
  for (const Client& client : clients) known += client.known();
  EXPECT_EQ(store.objects.size(), known);
}

TEST(MKV_FAULT_SUITE, LosesNothingThatItAcknowledged) { KillAgainAndAgain(MKV_FAULT_ROUNDS); }

}  // namespace
}  // namespace mkv::testing
