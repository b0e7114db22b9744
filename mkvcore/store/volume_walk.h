// Reads what lies on the volumes through nginx's JSON listings, a `/xx/yy/` folder at a time.
//
//   VolumeWalk walk(client, placement, {}, stop);
//   walk.FindSubvolumes();
//   for (unsigned first = 0; first < VolumeWalk::kFirstBytes; ++first)  // any number of threads
//     walk.VisitFiles(walk.FoldersBelow(first, &foreign), &foreign, visit);
//
// Subvolumes are found, not assumed: what lies in the folders of another number of subvolumes than
// the present one is read too.
//
// Thread-safe after FindSubvolumes(). Every method throws WalkError when a volume, asked several
// times, does not list a folder: with a part missing, the whole would be wrong; and Interrupted
// once `stop` is set.
#ifndef MKVCORE_STORE_VOLUME_WALK_H_
#define MKVCORE_STORE_VOLUME_WALK_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "mkvcore/format/placement.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class WalkError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

struct WalkOptions {
  unsigned attempts = 4;                        // for each listing
  std::chrono::milliseconds retry_delay{1000};  // after the first attempt; then twice that, ...
};

class VolumeWalk {
 public:
  static constexpr unsigned kFirstBytes = 256;  // the `xx` of `/xx/yy/`
  // Listings asked for at once: one after the other, volume and caller would wait for each other.
  static constexpr std::size_t kListedAtOnce = 16;
  // Once some folders had more files than this together, the others are visited one by one.
  static constexpr std::size_t kFilesAtOnce = 10'000;

  // A folder `/xx/yy/`, and which subvolumes have it.
  struct Folder {
    std::string path;
    std::vector<std::size_t> subvolumes;
  };
  struct File {
    std::size_t subvolume = 0;
    std::string path;  // below the subvolume, beginning with `/`
    std::uint64_t size = 0;
    std::int64_t mtime = 0;  // seconds since the epoch
  };

  // The references outlive the walk.
  VolumeWalk(VolumeClient& client, const Placement& placement, WalkOptions options,
             const std::atomic<bool>& stop);

  // Asks every volume what it has at its root; what is neither ours nor nginx's is foreign.
  void FindSubvolumes(std::vector<std::string>* foreign);
  // As index records name them: `host:port` or `host:port/svXX`.
  const std::vector<std::string>& subvolumes() const { return subvolumes_; }

  // The folders whose name begins with that byte, in order.
  std::vector<Folder> FoldersBelow(unsigned first_byte, std::vector<std::string>* foreign) const;
  // Calls `visit` with all files of some folders, in no order, those in folders below them
  // included, until it was called for all folders. What can not be part of a blob's path is not
  // entered, and counted as one foreign thing.
  using Visit =
      std::function<void(std::span<const Folder> folders, const std::vector<File>& files)>;
  void VisitFiles(std::span<const Folder> folders, std::vector<std::string>* foreign,
                  const Visit& visit) const;

 private:
  std::vector<File> FilesIn(std::span<const Folder> folders,
                            std::vector<std::string>* foreign) const;
  // In the order of `places`, which name subvolumes.
  std::vector<std::vector<ListingEntry>> List(std::span<const BlobLocation> places) const;
  std::vector<ListingEntry> AskAgainUntilListed(const BlobLocation& place, Listing listing) const;

  VolumeClient& client_;
  const Placement& placement_;
  const WalkOptions options_;
  const std::atomic<bool>& stop_;
  std::vector<std::string> subvolumes_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_VOLUME_WALK_H_
