// Reads every replica of every key, compares it with what was stored, and sets right what differs.
//
// What was stored is known by size and CRC32C (metadata), or by MD5 (HASH, for what the original
// wrote); where neither is known the replicas are compared with each other, and the majority is
// right. Damaged and missing replicas are written anew from a good one (rebalance_key.cc), those on
// volumes that do not answer go to other volumes, sidecars are written anew from the index. A key
// without a good replica is reported and left alone, and so are the sidecars of a key of which one
// is newer than the index: that was restored from a backup, and they know what was acknowledged
// since.
//
// Runs with the server down or inside a running one: keys stay readable and changeable throughout.
// Memory is fixed.
#ifndef MKVCORE_STORE_SCRUB_H_
#define MKVCORE_STORE_SCRUB_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "mkvcore/store/store.h"

namespace mkv {

struct ScrubOptions {
  // A replica waits so long for its turn under a slower one that the volume would give it up.
  static constexpr std::uint64_t kLeastRate = 64 << 10;

  unsigned threads = 4;    // keys at once; fewer where each would be slower than kLeastRate
  std::uint64_t rate = 0;  // bytes a second that are read, of all volumes together; 0: no limit
};

struct ScrubSummary {
  std::uint64_t total = 0;  // keys, unlinked ones included
  std::uint64_t done = 0;   // looked at
  std::uint64_t bytes = 0;  // read

  // What was found, in replicas.
  std::uint64_t damaged = 0;      // of another size or digest, or not readable to the end
  std::uint64_t missing = 0;      // the volume does not have the file
  std::uint64_t unreachable = 0;  // the volume does not answer
  std::uint64_t sidecars = 0;     // missing, or not what the index says
  // What became of it, in keys.
  std::uint64_t repaired = 0;
  std::uint64_t unrepaired = 0;  // not now: too few volumes answer, or others change the key
  std::uint64_t lost = 0;        // no replica is good
  // Keys whose one readable replica could be compared with nothing.
  std::uint64_t unverified = 0;
  bool interrupted = false;

  bool ok() const { return unrepaired == 0 && lost == 0 && !interrupted; }
  bool clean() const {
    return ok() && damaged == 0 && missing == 0 && unreachable == 0 && sidecars == 0;
  }
};

// `progress` is called about once a second on the calling thread, with what was found since the
// last call, a line for people each; `stop` ends it early.
ScrubSummary ScrubAll(
    Store& store, const ScrubOptions& options,
    const std::function<void(const ScrubSummary&, const std::vector<std::string>& found)>& progress,
    const std::atomic<bool>& stop);

}  // namespace mkv

#endif  // MKVCORE_STORE_SCRUB_H_
