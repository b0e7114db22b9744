#include "mkvcore/store/volume_walk.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <thread>

#include "mkvcore/volumes/volume_problem.h"

namespace mkv {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";
// PATH_MAX: nginx can not open a longer one.
constexpr std::size_t kLongestPath = 4096;

std::string ByteName(unsigned byte) { return {kHexDigits[byte >> 4], kHexDigits[byte & 15]}; }

bool IsByteName(std::string_view name) {
  return name.size() == 2 && name.find_first_not_of(kHexDigits) == std::string_view::npos;
}

bool IsSubvolumeName(std::string_view name) {
  return name.size() == 4 && name.starts_with("sv") &&
         name.substr(2).find_first_not_of(kUpperHexDigits) == std::string_view::npos;
}

// What nginx itself keeps in a volume's folder, as the original's script configures it. (Names that
// begin with a dot are never listed.)
bool IsNginxs(std::string_view name) {
  static const std::set<std::string_view> kNames = {"body_temp",  "fastcgi_temp", "logs",
                                                    "nginx.conf", "nginx.pid",    "proxy_temp",
                                                    "scgi_temp",  "tmp",          "uwsgi_temp"};
  return kNames.contains(name);
}

// A part of base64, perhaps cut; see format/blob_path.h.
bool CanBeInBlobPath(std::string_view name) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/~";
  return name.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace

VolumeWalk::VolumeWalk(VolumeClient& client, const Placement& placement, WalkOptions options,
                       const std::atomic<bool>& stop)
    : client_(client), placement_(placement), options_(options), stop_(stop) {}

void VolumeWalk::FindSubvolumes(std::vector<std::string>* foreign) {
  for (const std::string& volume : placement_.volumes()) {
    std::set<std::string> found;
    for (const ListingEntry& entry : List(volume, "/")) {
      // A link to a disk of its own is listed as neither a file nor a folder.
      if (IsSubvolumeName(entry.name)) {
        found.insert(volume + "/" + entry.name);
      } else if (entry.is_directory && IsByteName(entry.name)) {
        found.insert(volume);
      } else if (!IsNginxs(entry.name)) {
        foreign->push_back(volume + "/" + entry.name);
      }
    }
    for (const std::string& folder : placement_.SubvolumeFolders()) found.insert(volume + folder);
    subvolumes_.insert(subvolumes_.end(), found.begin(), found.end());
  }
}

std::vector<VolumeWalk::Folder> VolumeWalk::FoldersBelow(unsigned first_byte,
                                                         std::vector<std::string>* foreign) const {
  const std::string parent = "/" + ByteName(first_byte) + "/";
  std::map<std::string, std::vector<std::size_t>> holders;
  for (std::size_t i = 0; i < subvolumes_.size(); ++i) {
    for (const ListingEntry& entry : List(subvolumes_[i], parent)) {
      if (entry.is_directory && IsByteName(entry.name)) {
        holders[entry.name].push_back(i);
      } else {
        foreign->push_back(subvolumes_[i] + parent + entry.name);
      }
    }
  }
  std::vector<Folder> folders;
  for (auto& [name, subvolumes] : holders) {
    folders.push_back({parent + name + "/", std::move(subvolumes)});
  }
  return folders;
}

std::vector<VolumeWalk::File> VolumeWalk::FilesIn(const Folder& folder,
                                                  std::vector<std::string>* foreign) const {
  std::vector<File> files;
  for (std::size_t subvolume : folder.subvolumes) {
    CollectFiles(subvolume, folder.path, &files, foreign);
  }
  return files;
}

void VolumeWalk::CollectFiles(std::size_t subvolume, const std::string& path,
                              std::vector<File>* files, std::vector<std::string>* foreign) const {
  for (ListingEntry& entry : List(subvolumes_[subvolume], path)) {
    std::string name = path + entry.name;
    if (!entry.is_directory) {
      files->push_back({subvolume, std::move(name), entry.size, entry.mtime});
    } else if (CanBeInBlobPath(entry.name) && name.size() < kLongestPath) {
      CollectFiles(subvolume, name + "/", files, foreign);
    } else {
      foreign->push_back(subvolumes_[subvolume] + name + "/");
    }
  }
}

std::vector<ListingEntry> VolumeWalk::List(const std::string& volume,
                                           const std::string& path) const {
  std::chrono::milliseconds delay = options_.retry_delay;
  for (unsigned attempt = 1;; ++attempt, delay *= 2) {
    if (stop_) throw Interrupted();
    std::vector<ListingEntry> entries;
    const VolumeAnswer answer = client_.List(volume, path, &entries);
    if (answer.ok()) return entries;
    // Every volume has a root.
    if (answer.missing() && path != "/") return {};
    if (attempt >= options_.attempts) {
      throw WalkError(std::string("volume ").append(volume).append(" does not list ").append(path) +
                      ": " + ProblemOf(answer));
    }
    const auto until = std::chrono::steady_clock::now() + delay;
    while (!stop_ && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::min(delay, std::chrono::milliseconds(50)));
    }
  }
}

}  // namespace mkv
