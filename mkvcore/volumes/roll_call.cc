#include "mkvcore/volumes/roll_call.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/placement.h"
#include "mkvcore/volumes/listing_parser.h"
#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

namespace {

void WarnOf(const std::string& volume, int status, const std::string& problem) {
  if (status == 403) {
    spdlog::warn("volume {} is closed to this gateway: {}", volume, problem);
  } else {
    spdlog::warn("volume {} does not list its folder (is it a volume?): {}", volume, problem);
  }
}

bool IsFolderOfValues(const ListingEntry& entry) {
  return entry.is_directory && IsBlobFolderName(entry.name);
}

void Judge(const std::string& volume, const VolumeAnswer& answer, const std::string& listing) {
  if (!answer.ok()) return WarnOf(volume, answer.status, ProblemOf(answer));
  try {
    ParseListing(listing);
  } catch (const std::runtime_error& error) {
    WarnOf(volume, answer.status, std::string("the listing of /: ") + error.what());
  }
}

}  // namespace

RollCall::RollCall(VolumeClient& client)
    : listing_bytes_(client.options().listing_bytes),
      client_(loop_, client.options(), client.health()),
      thread_([this] {
        try {
          loop_.Run();
        } catch (const std::exception& error) {
          spdlog::error("volumes: {}", error.what());
        }
      }) {}

RollCall::~RollCall() {
  loop_.Stop();
  thread_.join();
}

void RollCall::Call(std::vector<std::string> volumes) {
  loop_.Post([this, volumes = std::move(volumes)] {
    for (const std::string& volume : volumes) Ask({volume, "/"}, {});
  });
}

void RollCall::CallForNewIndex(std::vector<std::string> volumes,
                               std::function<bool()> index_is_empty) {
  loop_.Post([this, volumes = std::move(volumes), index_is_empty = std::move(index_is_empty)] {
    for (const std::string& volume : volumes) {
      const BlobLocation root{volume, "/"};
      Ask(root, [this, root, index_is_empty](const std::string& listing) {
        LookForValues(root, listing, index_is_empty, std::make_shared<bool>(false));
      });
    }
  });
}

void RollCall::Ask(const BlobLocation& root, const Then& then) {
  // A HEAD has a short deadline, and a listing only follows where one was answered.
  client_.Head(root, [this, root, then](const VolumeAnswer& head) {
    if (head.delivery != VolumeAnswer::Delivery::kAnswered) return;
    if (!head.ok()) return Judge(root.volume, head, {});
    client_.GetUpTo(root, listing_bytes_,
                    [root, then](const VolumeAnswer& answer, const std::string& listing) {
                      Judge(root.volume, answer, listing);
                      if (then && answer.ok()) then(listing);
                    });
  });
}

void RollCall::LookForValues(const BlobLocation& folder, const std::string& listing,
                             const std::function<bool()>& index_is_empty,
                             const std::shared_ptr<bool>& warned) {
  std::vector<ListingEntry> entries;
  try {
    entries = ParseListing(listing);
  } catch (const std::runtime_error&) {
    return;  // told by Judge()
  }
  if (*warned) return;
  if (std::any_of(entries.begin(), entries.end(), IsFolderOfValues)) {
    *warned = true;
    if (!index_is_empty()) return;
    spdlog::warn(
        "volume {} seems to hold values, and the index is empty: if they are a store's, stop this "
        "server before it writes over them, and give it their index (-db) or run `mkv rebuild`",
        folder.volume);
    return;
  }
  if (folder.path != "/") return;
  for (const ListingEntry& entry : entries) {
    // One that is a link to a disk is listed as neither a file nor a folder.
    if (!IsSubvolumeName(entry.name)) continue;
    const BlobLocation subvolume{folder.volume, "/" + entry.name + "/"};
    client_.GetUpTo(subvolume, listing_bytes_,
                    [this, subvolume, index_is_empty, warned](const VolumeAnswer& answer,
                                                              const std::string& in_it) {
                      if (!answer.ok()) return;
                      LookForValues(subvolume, in_it, index_is_empty, warned);
                    });
  }
}

}  // namespace mkv
