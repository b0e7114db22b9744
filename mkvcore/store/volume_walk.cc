#include "mkvcore/store/volume_walk.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "mkvcore/format/blob_path.h"
#include "mkvcore/volumes/volume_problem.h"

namespace mkv {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
// PATH_MAX: nginx can not open a longer one.
constexpr std::size_t kLongestPath = 4096;

std::string ByteName(unsigned byte) { return {kHexDigits[byte >> 4], kHexDigits[byte & 15]}; }

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

// As many as take so many listings, but at least one.
std::span<const VolumeWalk::Folder> FirstOf(std::span<const VolumeWalk::Folder> folders,
                                            std::size_t listings) {
  std::size_t count = 0;
  for (std::size_t taken = 0; count < folders.size(); ++count) {
    taken += folders[count].subvolumes.size();
    if (count > 0 && taken > listings) break;
  }
  return folders.first(count);
}

}  // namespace

VolumeWalk::VolumeWalk(VolumeClient& client, const Placement& placement, WalkOptions options,
                       const std::atomic<bool>& stop)
    : client_(client), placement_(placement), options_(options), stop_(stop) {}

void VolumeWalk::FindSubvolumes(std::vector<std::string>* foreign) {
  const std::vector<std::string>& volumes = placement_.volumes();
  std::vector<BlobLocation> roots;
  for (const std::string& volume : volumes) roots.push_back({volume, "/"});
  const std::vector<std::vector<ListingEntry>> listings = List(roots);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const std::string& volume = volumes[i];
    std::set<std::string> found;
    for (const ListingEntry& entry : listings[i]) {
      // A link to a disk of its own is listed as neither a file nor a folder.
      if (IsSubvolumeName(entry.name)) {
        found.insert(volume + "/" + entry.name);
      } else if (entry.is_directory && IsBlobFolderName(entry.name)) {
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
  std::vector<BlobLocation> parents;
  for (const std::string& subvolume : subvolumes_) parents.push_back({subvolume, parent});
  const std::vector<std::vector<ListingEntry>> listings = List(parents);
  std::map<std::string, std::vector<std::size_t>> holders;
  for (std::size_t i = 0; i < subvolumes_.size(); ++i) {
    for (const ListingEntry& entry : listings[i]) {
      if (entry.is_directory && IsBlobFolderName(entry.name)) {
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

void VolumeWalk::VisitFiles(std::span<const Folder> folders, std::vector<std::string>* foreign,
                            const Visit& visit) const {
  std::size_t at_once = kListedAtOnce;
  while (!folders.empty()) {
    const std::span<const Folder> some = FirstOf(folders, at_once);
    folders = folders.subspan(some.size());
    const std::vector<File> files = FilesIn(some, foreign);
    if (files.size() > kFilesAtOnce) at_once = 1;
    visit(some, files);
  }
}

std::vector<VolumeWalk::File> VolumeWalk::FilesIn(std::span<const Folder> folders,
                                                  std::vector<std::string>* foreign) const {
  std::vector<std::size_t> subvolumes;  // of each place
  std::vector<BlobLocation> places;
  const auto add = [&](std::size_t subvolume, std::string path) {
    subvolumes.push_back(subvolume);
    places.push_back({subvolumes_[subvolume], std::move(path)});
  };
  for (const Folder& folder : folders) {
    for (const std::size_t subvolume : folder.subvolumes) add(subvolume, folder.path);
  }
  std::vector<File> files;
  while (!places.empty()) {
    const std::vector<BlobLocation> listed = std::exchange(places, {});
    const std::vector<std::size_t> listed_subvolumes = std::exchange(subvolumes, {});
    std::vector<std::vector<ListingEntry>> listings = List(listed);
    for (std::size_t i = 0; i < listed.size(); ++i) {
      for (const ListingEntry& entry : listings[i]) {
        std::string name = listed[i].path + entry.name;
        if (!entry.is_directory) {
          files.push_back({listed_subvolumes[i], std::move(name), entry.size, entry.mtime});
        } else if (CanBeInBlobPath(entry.name) && name.size() < kLongestPath) {
          add(listed_subvolumes[i], name + "/");
        } else {
          foreign->push_back(listed[i].volume + name + "/");
        }
      }
    }
  }
  return files;
}

std::vector<std::vector<ListingEntry>> VolumeWalk::List(
    std::span<const BlobLocation> places) const {
  std::vector<std::vector<ListingEntry>> listings;
  while (!places.empty()) {
    const auto some = places.first(std::min(places.size(), kListedAtOnce));
    places = places.subspan(some.size());
    std::vector<Listing> got = client_.List(some);
    for (std::size_t i = 0; i < some.size(); ++i) {
      listings.push_back(AskAgainUntilListed(some[i], std::move(got[i])));
    }
  }
  return listings;
}

std::vector<ListingEntry> VolumeWalk::AskAgainUntilListed(const BlobLocation& place,
                                                          Listing listing) const {
  std::chrono::milliseconds delay = options_.retry_delay;
  for (unsigned attempt = 1;; ++attempt, delay *= 2) {
    if (stop_) throw Interrupted();
    if (listing.answer.ok()) return std::move(listing.entries);
    // Every volume has a root.
    if (listing.answer.missing() && place.path != "/") return {};
    if (attempt >= options_.attempts) {
      throw WalkError("volume " + place.volume + " does not list " + place.path + ": " +
                      ProblemOf(listing.answer));
    }
    const auto until = std::chrono::steady_clock::now() + delay;
    while (!stop_ && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::min(delay, std::chrono::milliseconds(50)));
    }
    if (!stop_) listing = std::move(client_.List({&place, 1}).front());
  }
}

}  // namespace mkv
