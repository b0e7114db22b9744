#include "tests/support/original_store.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/support/process.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

OriginalStore::OriginalStore(const std::string& name) {
  const auto source = std::filesystem::path(SourceFile("tests/fixtures")) / name;
  if (RunProgram({.arguments = {"tar", "-xzf", (source / "store.tar.gz").string(),
                                "--no-same-owner", "-C", folder_.path().string()}}) != 0) {
    throw std::runtime_error("can not unpack " + source.string());
  }

  std::ifstream manifest_file(source / "manifest.json");
  const auto manifest = nlohmann::json::parse(manifest_file);
  manifest.at("volumes").get_to(volumes_);
  manifest.at("replicas").get_to(replicas_);
  manifest.at("subvolumes").get_to(subvolumes_);
  manifest.at("md5sum").get_to(md5sum_);
  manifest.at("deleted").get_to(deleted_);
  for (const auto& object : manifest.at("objects")) {
    objects_.push_back({.key = object.at("key").get<std::string>(),
                        .url = object.at("url").get<std::string>(),
                        .unlinked = object.at("state").get<std::string>() == "unlinked",
                        .size = object.at("size").get<std::uint64_t>(),
                        .md5 = object.at("md5").get<std::string>(),
                        .key_volumes = SplitAtCommas(object.at("key_volumes").get<std::string>())});
  }

  std::ifstream records_file(source / "records.tsv");
  for (std::string line; std::getline(records_file, line);) {
    const auto tab = line.find('\t');
    records_[line.substr(0, tab)] = line.substr(tab + 1);
  }
}

std::filesystem::path OriginalStore::volume_folder(std::size_t i) const {
  return folder_.path() / ("vol" + std::to_string(i + 1));
}

std::filesystem::path OriginalStore::FolderOf(const std::string& entry) const {
  const auto slash = std::min(entry.find('/'), entry.size());
  const auto volume = std::find(volumes_.begin(), volumes_.end(), entry.substr(0, slash));
  if (volume == volumes_.end()) {
    throw std::out_of_range(entry + " is on none of the store's volumes");
  }
  const auto folder = volume_folder(static_cast<std::size_t>(volume - volumes_.begin()));
  return slash == entry.size() ? folder : folder / entry.substr(slash + 1);
}

std::vector<std::unique_ptr<NginxVolume>> OriginalStore::StartVolumes() const {
  std::vector<std::unique_ptr<NginxVolume>> started;
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    const auto colon = volumes_[i].find(':');
    started.push_back(std::make_unique<NginxVolume>(NginxVolumeOptions{
        .folder = volume_folder(i),
        .port = static_cast<std::uint16_t>(std::stoul(volumes_[i].substr(colon + 1))),
        .host = volumes_[i].substr(0, colon),
        .subvolumes = subvolumes_}));
  }
  return started;
}

GatewayOptions OriginalStore::GatewayFor() const {
  return {.volumes = volumes_,
          .index = index(),
          .replicas = replicas_,
          .subvolumes = subvolumes_,
          .arguments = {md5sum_ ? "-md5sum=true" : "-md5sum=false"}};
}

}  // namespace mkv::testing
