// A PUT on its way: what its steps (put.cc) hand on to one another, on a thread that blocks or on
// an event loop (put_on_loop.cc). Private to the store.
#ifndef MKVCORE_STORE_PUT_PLAN_H_
#define MKVCORE_STORE_PUT_PLAN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkvcore/store/blob_write.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/store.h"

namespace mkv {

struct Store::PutPlan {
  PutPlan(Store& store, std::string_view key_to_put, bool replaces, ReplaceRequest requested)
      : PutPlan(store, *store.placement(), key_to_put, replaces, std::move(requested)) {}

  const std::string key;
  const bool replace;
  const ReplaceRequest request;
  const std::size_t replicas;
  // Taken once: volumes that leave the list meanwhile hold their replicas all the same.
  const std::vector<std::string> order;       // of placement
  const std::vector<std::string> candidates;  // the same volumes, those that accept writes first
  BlobWrite blob;
  KeyState state;  // with the intent, once that is noted

  // Of the blob, once it is written.
  std::vector<std::string> volumes;  // that hold all of it, in placement order
  // What is said of it; on a loop that is known before it is written.
  bool described = false;
  format::ObjectMetadata metadata;
  std::optional<std::string> sidecar;  // its content, where there is to be one

  std::vector<std::string> FirstCandidates() const {
    return {candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(replicas)};
  }

  // Notes what became of requests for the blob. In placement order, which is the order of a
  // balanced record, not in the order of the answers.
  void Holds(const std::vector<ReplicaWriteResult::Attempt>& attempts) {
    std::vector<std::string> holders = std::move(volumes);
    for (const ReplicaWriteResult::Attempt& attempt : attempts) {
      if (attempt.answer.ok()) holders.push_back(attempt.blob.volume);
    }
    volumes.clear();
    for (const std::string& volume : order) {
      if (Contains(holders, volume)) volumes.push_back(volume);
    }
  }

 private:
  PutPlan(Store& store, const Placement& placement, std::string_view key_to_put, bool replaces,
          ReplaceRequest requested)
      : key(key_to_put),
        replace(replaces),
        request(std::move(requested)),
        replicas(placement.replicas()),
        order(placement.Order(key)),
        candidates(store.Candidates(order)),
        blob(store.index_, store.handled_, store.generations_.Next()) {}
};

}  // namespace mkv

#endif  // MKVCORE_STORE_PUT_PLAN_H_
