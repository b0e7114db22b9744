// Repairs replicas that a read found missing or damaged: in the background, one key at a time, from
// a replica that is whole. As long as it lives the store tells it of them
// (Store::ReportBadReplicas).
//
// Thread-safe. The queue is bounded: what does not fit is found again by the next read or
// rebalance.
#ifndef MKVCORE_STORE_REPLICA_REPAIRER_H_
#define MKVCORE_STORE_REPLICA_REPAIRER_H_

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/store/store.h"

namespace mkv {

class ReplicaRepairer {
 public:
  static constexpr std::size_t kMaxQueued = 10'000;

  // `store` outlives the repairer.
  explicit ReplicaRepairer(Store& store);
  ~ReplicaRepairer();
  ReplicaRepairer(const ReplicaRepairer&) = delete;
  ReplicaRepairer& operator=(const ReplicaRepairer&) = delete;

  // `bad_volumes`: entries of the key's record whose replica is not to be trusted.
  void Schedule(const std::string& key, const std::vector<std::string>& bad_volumes);

 private:
  void Run(const std::stop_token& stop);

  Store& store_;
  std::mutex mutex_;
  std::condition_variable_any queued_;
  std::map<std::string, std::vector<std::string>> queue_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace mkv

#endif  // MKVCORE_STORE_REPLICA_REPAIRER_H_
