#include "mkvcore/format/placement.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <stdexcept>

#include "mkvcore/format/md5.h"

namespace mkv {
namespace {

constexpr std::size_t kMostSubvolumes = 256;  // two hex digits

// Letters, digits and what else a host and port are made of. Everything that has a meaning of its
// own in a record, a URL or a list of volumes is left out by that.
void RequireVolumeName(const std::string& name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  if (name.empty()) throw std::invalid_argument("a volume has an empty name");
  if (name.find_first_not_of(kAllowed) != std::string::npos) {
    throw std::invalid_argument("`" + name + "` is no volume: host or host:port is wanted");
  }
  if (name.starts_with("DELETED") || name.starts_with("HASH")) {
    throw std::invalid_argument("`" + name +
                                "` can not name a volume: index records give DELETED and HASH a "
                                "meaning; write the host in lower case");
  }
}

constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

std::string SubvolumeFolder(std::uint32_t subvolume) {
  return {'/', 's', 'v', kUpperHexDigits[subvolume >> 4], kUpperHexDigits[subvolume & 15]};
}

}  // namespace

Placement::Placement(std::vector<std::string> volumes, std::size_t replicas, std::size_t subvolumes)
    : volumes_(std::move(volumes)), replicas_(replicas), subvolumes_(subvolumes) {
  std::set<std::string_view> seen;
  for (const std::string& name : volumes_) {
    RequireVolumeName(name);
    if (!seen.insert(name).second) {
      throw std::invalid_argument("volume `" + name + "` is listed twice");
    }
  }
  if (replicas_ == 0) throw std::invalid_argument("at least one replica is needed");
  if (volumes_.size() < replicas_) {
    throw std::invalid_argument(std::to_string(replicas_) + " replicas need as many volumes, " +
                                std::to_string(volumes_.size()) + " given");
  }
  if (subvolumes_ == 0 || subvolumes_ > kMostSubvolumes) {
    throw std::invalid_argument("a volume has 1 to 256 subvolumes, not " +
                                std::to_string(subvolumes_));
  }
}

std::vector<std::string> Placement::Take(std::string_view key, std::size_t count) const {
  struct Scored {
    Md5Digest score;
    const std::string* volume;
  };
  std::vector<Scored> scored;
  scored.reserve(volumes_.size());
  for (const std::string& volume : volumes_) scored.push_back({Md5(key, volume), &volume});
  std::partial_sort(scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(count),
                    scored.end(),
                    [](const Scored& a, const Scored& b) { return a.score > b.score; });

  std::vector<std::string> taken;
  taken.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string& entry = taken.emplace_back(*scored[i].volume);
    if (subvolumes_ == 1) continue;
    const Md5Digest& score = scored[i].score;
    const std::uint32_t word = std::uint32_t{score[12]} << 24 | std::uint32_t{score[13]} << 16 |
                               std::uint32_t{score[14]} << 8 | std::uint32_t{score[15]};
    entry.append(SubvolumeFolder(word % static_cast<std::uint32_t>(subvolumes_)));
  }
  return taken;
}

std::vector<std::string> Placement::Order(std::string_view key) const {
  return Take(key, volumes_.size());
}

std::vector<std::string> Placement::Choose(std::string_view key) const {
  return Take(key, replicas_);
}

std::vector<std::string> Placement::SubvolumeFolders() const {
  if (subvolumes_ == 1) return {""};
  std::vector<std::string> folders;
  for (std::uint32_t i = 0; i < subvolumes_; ++i) folders.push_back(SubvolumeFolder(i));
  return folders;
}

bool IsSubvolumeName(std::string_view name) {
  return name.size() == 4 && name.starts_with("sv") &&
         name.substr(2).find_first_not_of(kUpperHexDigits) == std::string_view::npos;
}

}  // namespace mkv
