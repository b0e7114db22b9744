#include "mkvcore/store/replica_repairer.h"

#include <spdlog/spdlog.h>

#include <exception>

namespace mkv {

ReplicaRepairer::ReplicaRepairer(Store& store)
    : store_(store), thread_([this](const std::stop_token& stop) { Run(stop); }) {
  store_.SetBadReplicaListener(
      [this](const std::string& key, const std::vector<std::string>& volumes) {
        Schedule(key, volumes);
      });
}

ReplicaRepairer::~ReplicaRepairer() { store_.SetBadReplicaListener({}); }

void ReplicaRepairer::Schedule(const std::string& key,
                               const std::vector<std::string>& bad_volumes) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMaxQueued) return;
    queue_[key] = bad_volumes;
  }
  queued_.notify_one();
}

void ReplicaRepairer::Run(const std::stop_token& stop) {
  while (true) {
    std::map<std::string, std::vector<std::string>>::node_type next;
    {
      std::unique_lock lock(mutex_);
      queued_.wait(lock, stop, [this] { return !queue_.empty(); });
      if (stop.stop_requested()) return;  // whatever is queued: the next read of it tells again
      next = queue_.extract(queue_.begin());
    }
    try {
      const Store::MoveResult result = store_.RebalanceQuietly(next.key(), next.mapped());
      if (result.outcome == Outcome::kDone) {
        spdlog::info("repair: \"{}\" has all its replicas", next.key());
      } else if (result.outcome != Outcome::kImpossible) {  // of that the store has said why
        spdlog::warn("repair: \"{}\" can not be repaired now", next.key());
      }
    } catch (const std::exception& error) {
      spdlog::error("repair: \"{}\": {}", next.key(), error.what());
    }
  }
}

}  // namespace mkv
