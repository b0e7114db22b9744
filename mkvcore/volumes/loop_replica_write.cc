#include "mkvcore/volumes/loop_replica_write.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "mkvcore/volumes/value_hasher.h"

namespace mkv {
namespace {

struct Write {
  ReplicaWriteResult result;
  ValueDigest digest;
  std::size_t unanswered = 0;
  std::function<void(ReplicaWriteResult)> done;

  void OnAnswer(std::size_t attempt, const VolumeAnswer& answer) {
    result.attempts[attempt].answer = answer;
    if (--unanswered > 0) return;
    if (std::all_of(result.attempts.begin(), result.attempts.end(),
                    [](const auto& one) { return one.answer.ok(); })) {
      result.digest = digest;
    }
    done(std::move(result));
  }
};

}  // namespace

ValueDigest DigestOf(std::string_view value, bool md5) {
  ValueHasher hasher(md5);
  hasher.Update(value);
  return {hasher.size(), hasher.TakeMd5(), hasher.crc32c()};
}

void WriteReplicasOnLoop(LoopVolumeClient& client, const std::shared_ptr<const std::string>& value,
                         const ReplicaWriteRequest& request,
                         std::function<void(ReplicaWriteResult)> done,
                         const std::optional<ValueDigest>& known) {
  if (request.wanted == 0 || request.candidates.size() < request.wanted) {
    throw std::invalid_argument("fewer candidates than replicas");
  }
  const auto write = std::make_shared<Write>();
  write->done = std::move(done);
  write->unanswered = request.wanted;
  for (std::size_t i = 0; i < request.wanted; ++i) {
    write->result.attempts.push_back({request.candidates[i], {}});
  }
  for (std::size_t i = 0; i < request.wanted; ++i) {
    client.Put(request.candidates[i], value,
               [write, i](const VolumeAnswer& answer) { write->OnAnswer(i, answer); });
  }
  // While the volumes receive it.
  write->digest = known ? *known : DigestOf(*value, request.md5);
}

}  // namespace mkv
