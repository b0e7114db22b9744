#include "mkvcore/store/sidecar_write.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mkvcore/volumes/memory_source.h"

namespace mkv {

void SidecarWrite::Announce(KeyState& state, const std::vector<std::string>& volumes) {
  volumes_ = volumes;
  write_.Announce(state, state.object().value().generation(), /*original_spelling=*/false,
                  /*sidecar=*/true, volumes);
  state.FindPending(write_.pending_id())->set_only_sidecar(true);
}

bool SidecarWrite::Write(VolumeClient& volumes, std::string sidecar) {
  ReplicaWriteRequest request;
  const std::string path = SidecarPath(write_.key(), write_.generation());
  for (const std::string& volume : volumes_) request.candidates.push_back({volume, path});
  request.wanted = request.candidates.size();
  request.md5 = false;
  MemorySource source(std::move(sidecar));
  const ReplicaWriteResult result = write_.Write(volumes, source, std::move(request));
  for (const ReplicaWriteResult::Attempt& attempt : result.attempts) {
    if (attempt.answer.ok()) taken_by_.push_back(attempt.blob.volume);
  }
  return result.digest.has_value();
}

bool SidecarWrite::Settle(KeyState& state, bool holds) const {
  const std::optional<Object>& object = state.object();
  std::vector<std::string> kept;
  if (holds && object && object->generation() == write_.generation()) {
    const std::vector<std::string>& holders = object->record.volumes;
    std::copy_if(taken_by_.begin(), taken_by_.end(), std::back_inserter(kept),
                 [&holders](const std::string& volume) { return Contains(holders, volume); });
  }
  return write_.Settle(state, kept);
}

}  // namespace mkv
