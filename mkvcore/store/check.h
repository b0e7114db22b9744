// Lists what differs between the index and the volumes. Changes nothing.
//
// Every record's replicas are asked for (HEAD) and their sidecars read; every file that the volumes
// list is looked up in the index. What a running server changes meanwhile is looked at again before
// it counts. Values are not read: see scrub.h.
#ifndef MKVCORE_STORE_CHECK_H_
#define MKVCORE_STORE_CHECK_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "mkvcore/store/store.h"
#include "mkvcore/store/volume_walk.h"

namespace mkv {

struct CheckOptions {
  unsigned threads = 16;  // keys or folders at once
  WalkOptions walk;
};

struct CheckSummary {
  std::uint64_t steps =
      0;  // of them, done: keys, and the 256 first bytes of every volume's folders
  std::uint64_t done = 0;
  std::uint64_t keys = 0;     // records
  std::uint64_t files = 0;    // on the volumes, sidecars included
  std::uint64_t pending = 0;  // of these, such as the index knows to be written or deleted

  // Differences.
  std::uint64_t missing = 0;     // replicas that are not on their volume
  std::uint64_t wrong_size = 0;  // replicas of another size than the index says, or than each other
  std::uint64_t sidecars = 0;    // missing, or not what the index says
  std::uint64_t orphans = 0;     // blobs and sidecars that no record names, and nothing pending
  std::uint64_t foreign = 0;     // files and folders that are no blob's
  std::uint64_t unreadable = 0;  // entries of the index that can not be understood
  // What could not be compared: a replica, or a volume's listing.
  std::uint64_t unreachable = 0;
  bool interrupted = false;

  bool agrees() const {
    return missing == 0 && wrong_size == 0 && sidecars == 0 && orphans == 0 && foreign == 0 &&
           unreadable == 0;
  }
  bool complete() const { return unreachable == 0 && !interrupted; }
};

// `progress` is called about once a second on the calling thread, with what was found since the
// last call, a line for people each; `stop` ends it early.
CheckSummary CheckStore(
    Store& store, const CheckOptions& options,
    const std::function<void(const CheckSummary&, const std::vector<std::string>& found)>& progress,
    const std::atomic<bool>& stop);

}  // namespace mkv

#endif  // MKVCORE_STORE_CHECK_H_
