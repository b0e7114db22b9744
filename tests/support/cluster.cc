#include "tests/support/cluster.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace mkv::testing {

Cluster::Cluster(ClusterOptions options) : options_(std::move(options)) {
  if (options_.sockets) {
    std::filesystem::create_directory(sockets());
    options_.arguments.insert(options_.arguments.end(), {"-volumes-sockets", sockets().string()});
  }
  for (std::size_t i = 0; i < options_.volumes; ++i) {
    AddVolume();
  }
  auto environment = options_.environment;
  if (!options_.volume_key.empty()) {
    environment["MKV_VOLUME_KEY"] = options_.volume_key;
  }
  gateway_.emplace(GatewayOptions{.volumes = VolumeNames(),
                                  .index = folder_.path() / "index",
                                  .replicas = options_.replicas,
                                  .subvolumes = options_.subvolumes,
                                  .arguments = options_.arguments,
                                  .environment = std::move(environment),
                                  .authority = options_.authority,
                                  .run_by = options_.run_by});
  client_.Trust(options_.authority);
}

NginxVolume& Cluster::AddVolume() {
  const std::string name = "volume" + std::to_string(volumes_.size() + 1);
  volumes_.push_back(std::make_unique<NginxVolume>(
      NginxVolumeOptions{.folder = folder_.path() / name,
                         .host = options_.volume_host,
                         .subvolumes = options_.subvolumes,
                         .key = options_.volume_key,
                         .certificate = options_.volume_certificate,
                         .certificate_key = options_.volume_certificate_key,
                         .sockets = options_.sockets ? sockets() : ""}));
  return *volumes_.back();
}

std::vector<std::string> Cluster::VolumeNames() const {
  std::vector<std::string> names;
  for (const auto& volume : volumes_) {
    names.push_back(volume->name());
  }
  return names;
}

NginxVolume& Cluster::VolumeNamed(std::string_view entry) {
  const auto host = entry.substr(0, entry.find('/'));
  for (const auto& volume : volumes_) {
    if (volume->name() == host) {
      return *volume;
    }
  }
  throw std::out_of_range("no volume " + std::string(entry));
}

HttpResponse Cluster::Do(const std::string& method, std::string_view key) {
  return client_.Do({.method = method, .url = gateway().Url(key)});
}

HttpResponse Cluster::Put(std::string_view key, std::string value) {
  return client_.Put(gateway().Url(key), std::move(value));
}

HttpResponse Cluster::Get(std::string_view key) {
  return client_.Do({.url = gateway().Url(key), .follow_redirects = true});
}

HttpResponse Cluster::Head(std::string_view key) { return Do("HEAD", key); }

std::vector<std::string> Cluster::List(std::string_view prefix, const std::string& operation) {
  const HttpResponse response = client_.Get(gateway().Url(prefix) + "?" + operation);
  if (response.status != 200) {
    throw std::runtime_error(operation + ": status " + std::to_string(response.status) +
                             response.error);
  }
  return nlohmann::json::parse(response.body).at("keys").get<std::vector<std::string>>();
}

std::vector<std::string> Cluster::Files() const {
  std::vector<std::string> files;
  for (const auto& volume : volumes_) {
    for (const std::string& file : volume->Files()) {
      files.push_back(volume->name() + file);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace mkv::testing
