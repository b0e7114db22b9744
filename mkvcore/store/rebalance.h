// Rebalances every key of the store, in parallel.
//
// Runs with the server down or inside a running one: keys stay readable and changeable throughout,
// and who changes a key meanwhile wins. Interrupted, it leaves every key whole and can be run
// again: keys already in place cost one HEAD a replica, so that lost replicas are found and
// restored.
#ifndef MKVCORE_STORE_REBALANCE_H_
#define MKVCORE_STORE_REBALANCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "mkvcore/store/store.h"

namespace mkv {

struct RebalanceOptions {
  // Large values at once, the original's number. Four times as many small ones, but no more than
  // 128.
  unsigned threads = 16;
};

struct RebalanceSummary {
  std::uint64_t total = 0;   // keys, unlinked ones included
  std::uint64_t done = 0;    // looked at
  std::uint64_t moved = 0;   // of these, brought to other volumes or given back lost replicas
  std::uint64_t busy = 0;    // changed by others again and again, or waiting for a deletion
  std::uint64_t away = 0;    // not at home: a volume of theirs did not answer
  std::uint64_t failed = 0;  // no replica, or too few volumes, could be reached
  bool interrupted = false;

  bool ok() const { return failed == 0 && busy == 0 && away == 0 && !interrupted; }
};

// `progress` is called about once a second on the calling thread; `stop` ends it early.
RebalanceSummary RebalanceAll(Store& store, const RebalanceOptions& options,
                              const std::function<void(const RebalanceSummary&)>& progress,
                              const std::atomic<bool>& stop);

}  // namespace mkv

#endif  // MKVCORE_STORE_REBALANCE_H_
