// Many clients change the same few keys in every native way at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/settled_store.h"

namespace mkv::testing {
namespace {

using ::testing::IsSubsetOf;

constexpr int kClients = 16;
constexpr int kRequests = 120;
constexpr int kKeys = 6;

// Long enough that a mixture of two would show.
std::string ValueOf(unsigned number) {
  std::string value;
  while (value.size() < 4000) value += std::to_string(number) + ";";
  return value;
}
bool IsOneValue(const std::string& body) {
  return body == ValueOf(static_cast<unsigned>(std::stoul(body)));
}

class Hammer {
 public:
  void Run(const std::string& url, unsigned number) {
    std::mt19937 random(number);
    HttpClient http;
    for (int i = 0; i < kRequests; ++i) {
      const std::string target = url + "/key" + std::to_string(random() % kKeys);
      static constexpr const char* kMethods[] = {"PUT",    "PUT",       "DELETE", "DELETE",
                                                 "UNLINK", "REBALANCE", "GET",    "GET"};
      const std::string method = kMethods[random() % std::size(kMethods)];
      HttpRequest request{.method = method, .url = target, .follow_redirects = method == "GET"};
      if (method == "PUT") request.body = ValueOf(random() % 100'000);
      const HttpResponse response = http.Do(request);
      const std::lock_guard lock(mutex_);
      ++seen_[method][response.status];
      if (method == "GET" && response.status == 200 && !IsOneValue(response.body)) {
        ADD_FAILURE() << target << " is a mixture: " << response.body.substr(0, 40);
      }
    }
  }
  std::set<int> Seen(const std::string& method) {
    std::set<int> statuses;
    for (const auto& [status, count] : seen_[method]) statuses.insert(status);
    return statuses;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::map<int, int>> seen_;
};

TEST(SameKeys, AreChangedByOneAtATime) {
  Cluster cluster(Impatient(4));
  Hammer hammer;
  {
    std::vector<std::jthread> clients;
    for (unsigned i = 0; i < kClients; ++i) {
      clients.emplace_back([&, url = cluster.gateway().url(), i] { hammer.Run(url, i); });
    }
  }
  EXPECT_THAT(hammer.Seen("PUT"), IsSubsetOf({201, 403, 409}));
  EXPECT_THAT(hammer.Seen("DELETE"), IsSubsetOf({204, 404, 409}));
  EXPECT_THAT(hammer.Seen("UNLINK"), IsSubsetOf({204, 404, 409}));
  EXPECT_THAT(hammer.Seen("REBALANCE"), IsSubsetOf({204, 404, 409}));
  EXPECT_THAT(hammer.Seen("GET"), IsSubsetOf({200, 404}));

  const SettledStore store = ExpectNothingLeftOver(cluster);
  for (const auto& [key, object] : store.objects) {
    std::set<std::string> values;
    for (const BlobLocation& replica : object.Replicas()) {
      values.insert(cluster.client().Get(replica.Url()).body);
    }
    EXPECT_EQ(values.size(), 1U) << key << ": its replicas differ";
    EXPECT_TRUE(IsOneValue(*values.begin())) << key;
  }
}

}  // namespace
}  // namespace mkv::testing
