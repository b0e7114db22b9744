// Writes one small value to several volumes at once from within an event loop: WriteReplicas() for
// those who must not block.
#ifndef MKVCORE_VOLUMES_LOOP_REPLICA_WRITE_H_
#define MKVCORE_VOLUMES_LOOP_REPLICA_WRITE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mkvcore/volumes/loop_volume_client.h"
#include "mkvcore/volumes/replica_writer.h"

namespace mkv {

// The largest value that is written like this: each of the replicas has a copy of its own.
inline constexpr std::size_t kMaxLoopValue = 64 << 10;

// Writes `value` to the first `wanted` candidates of `request`; none of the others steps in for one
// that fails: that is left to WriteReplicas(), on a worker. `done` runs from the loop, once all of
// them have answered or run out of time, and never inside this call; not at all when `client` goes
// before. The callbacks of `request` are not used. A digest that is `known` already is not computed
// again. Loop thread only; `client.takes_puts()`.
void WriteReplicasOnLoop(LoopVolumeClient& client, const std::shared_ptr<const std::string>& value,
                         const ReplicaWriteRequest& request,
                         std::function<void(ReplicaWriteResult)> done,
                         const std::optional<ValueDigest>& known = std::nullopt);

// Of a value that is there whole.
ValueDigest DigestOf(std::string_view value, bool md5);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_REPLICA_WRITE_H_
