// Several volumes and a gateway over them, with the native API's requests at hand.
//
//   Cluster cluster;                                   // three volumes, three replicas
//   EXPECT_EQ(cluster.Put("/key", "value").status, 201);
//   EXPECT_EQ(cluster.Get("/key").body, "value");      // through the redirect
//   cluster.volume(0).Kill();
//   EXPECT_EQ(cluster.Files().size(), 3U);
//
// Not thread-safe: threads of a test have an HttpClient each and use cluster.gateway().Url().
#ifndef TESTS_SUPPORT_CLUSTER_H_
#define TESTS_SUPPORT_CLUSTER_H_

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gateway.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {

struct ClusterOptions {
  std::size_t volumes = 3;
  unsigned replicas = 3;
  unsigned subvolumes = 10;
  std::string volume_key = {};  // for the volumes and the gateway
  // The volumes' certificate and its key; the gateway wants -volumes-tls and -volumes-ca.
  std::filesystem::path volume_certificate = {};
  std::filesystem::path volume_certificate_key = {};
  std::string volume_host = "127.0.0.1";
  bool sockets = false;  // the volumes have them, and the gateway -volumes-sockets
  std::vector<std::string> arguments = {};  // further options of the gateway
  std::map<std::string, std::optional<std::string>> environment = {};  // the gateway's
  std::string authority = {};                                          // as GatewayOptions has it
  std::vector<std::string> run_by = {};                                // the same
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});

  Gateway& gateway() { return *gateway_; }
  NginxVolume& volume(std::size_t i) { return *volumes_.at(i); }
  std::size_t volume_count() const { return volumes_.size(); }
  // The one that an index entry (`host:port` or `host:port/svXX`) names.
  NginxVolume& VolumeNamed(std::string_view entry);
  std::vector<std::string> VolumeNames() const;
  // Where the volumes' sockets are, with ClusterOptions::sockets.
  std::filesystem::path sockets() const { return folder_.path() / "sockets"; }
  // One more, empty; the gateway does not know of it yet.
  NginxVolume& AddVolume();
  HttpClient& client() { return client_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  // Keys are any bytes, beginning with `/`.
  HttpResponse Put(std::string_view key, std::string value);
  HttpResponse Get(std::string_view key);   // follows the redirect
  HttpResponse Head(std::string_view key);  // does not
  HttpResponse Delete(std::string_view key) { return Do("DELETE", key); }
  HttpResponse Unlink(std::string_view key) { return Do("UNLINK", key); }
  HttpResponse Rebalance(std::string_view key) { return Do("REBALANCE", key); }
  // The keys that `?list` (or `?unlinked`) names under `prefix`.
  std::vector<std::string> List(std::string_view prefix = "/",
                                const std::string& operation = "list");

  // The data files of all volumes: `<volume name><path>`, sorted.
  std::vector<std::string> Files() const;

 private:
  HttpResponse Do(const std::string& method, std::string_view key);

  ClusterOptions options_;
  TempFolder folder_;
  std::vector<std::unique_ptr<NginxVolume>> volumes_;
  std::optional<Gateway> gateway_;
  HttpClient client_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_CLUSTER_H_
