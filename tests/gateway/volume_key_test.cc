// Volumes with a shared key: only the gateway writes, and clients read by links that it signed. The
// key itself goes to the volumes and to nobody else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/cluster.h"
#include "tests/volumes/misbehaving_server.h"

namespace mkv::testing {
namespace {

class VolumeKey : public ::testing::Test {
 protected:
  Cluster cluster_{{.volume_key = "0123456789abcdef-shared"}};
};

TEST_F(VolumeKey, ValuesAreStoredReadAndDeletedThroughTheGateway) {
  for (const std::string key : {"/plain", "/with space + plus", "/%FF\xff\xff\xff", "/a?"}) {
    EXPECT_EQ(cluster_.Put(key, "value of " + key).status, 201);
    EXPECT_EQ(cluster_.Get(key).body, "value of " + key);
    EXPECT_EQ(cluster_.Delete(key).status, 204);
  }
  EXPECT_TRUE(cluster_.Files().empty());
}

TEST_F(VolumeKey, ALinkWithoutItsSignatureIsRefusedByTheVolume) {
  ASSERT_EQ(cluster_.Put("/key", "value").status, 201);
  const std::string link = cluster_.Head("/key").Header("Location");
  const std::size_t query = link.find('?');
  ASSERT_NE(query, std::string::npos) << link;
  EXPECT_EQ(cluster_.client().Get(link).status, 200);
  EXPECT_EQ(cluster_.client().Get(link.substr(0, query)).status, 403);
  // Another expiry is another signature.
  EXPECT_EQ(cluster_.client().Get(link + "0").status, 403);
}

// Takes what it is sent, as a proxy or as the end of a redirect, and remembers it.
class Eavesdropper {
 public:
  const MisbehavingServer& server() const { return server_; }
  std::string url() const { return "http://" + server_.name(); }
  std::string heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  mutable std::mutex mutex_;
  std::string heard_;
  MisbehavingServer server_{[this](MisbehavingServer::Connection& connection, int) {
    const std::string head = connection.ReadHead();
    {
      const std::lock_guard lock(mutex_);
      heard_ += head;
    }
    connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }};
};

TEST(VolumeKeyTravels, ToNoProxyOfTheEnvironment) {
  const Eavesdropper proxy;
  std::map<std::string, std::optional<std::string>> environment;
  for (const char* const name :
       {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    environment[name] = proxy.url();
  }
  for (const char* const name : {"no_proxy", "NO_PROXY"}) environment[name] = std::nullopt;
  Cluster cluster({.volume_key = "0123456789abcdef-shared", .environment = environment});
  EXPECT_EQ(cluster.Put("/key", "value").status, 201);
  EXPECT_EQ(cluster.Get("/key").body, "value");
  EXPECT_EQ(cluster.Rebalance("/key").status, 204);
  ASSERT_EQ(cluster.gateway().Terminate(), 0);
  EXPECT_EQ(cluster.gateway().RunCommand({"rebuild"}), 0) << cluster.gateway().Log();
  EXPECT_EQ(cluster.gateway().RunCommand({"rebalance"}), 0) << cluster.gateway().Log();
  cluster.gateway().Start();
  EXPECT_EQ(cluster.Delete("/key").status, 204);
  EXPECT_EQ(proxy.server().connections(), 0) << proxy.heard();
}

TEST(VolumeKeyTravels, BehindNoRedirect) {
  const Eavesdropper elsewhere;
  std::vector<std::unique_ptr<MisbehavingServer>> volumes;
  GatewayOptions options;
  for (int i = 0; i < 3; ++i) {
    volumes.push_back(std::make_unique<MisbehavingServer>(
        [url = elsewhere.url()](MisbehavingServer::Connection& connection, int) {
          connection.ReadHead();
          connection.Send("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + url +
                          "/sv00/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }));
    options.volumes.push_back(volumes.back()->name());
  }
  const TempFolder folder;
  options.index = folder.path() / "index";
  options.environment = {{"MKV_VOLUME_KEY", "0123456789abcdef-shared"}};
  Gateway gateway(options);
  HttpClient client;
  EXPECT_EQ(client.Put(gateway.Url("/key"), "value").status, 500);
  EXPECT_EQ(client.Put(gateway.Url("/large"), std::string(3'000'000, 'x')).status, 500);
  EXPECT_EQ(gateway.Terminate(), 0);
  EXPECT_EQ(gateway.RunCommand({"rebuild"}), 1);
  EXPECT_GT(volumes[0]->connections(), 0);
  EXPECT_EQ(elsewhere.server().connections(), 0) << elsewhere.heard();
}

}  // namespace
}  // namespace mkv::testing
