#include "mkvcore/store/found_key.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "mkvcore/volumes/volume_health.h"

namespace mkv {
namespace {

// Later ones are greater. Where both spellings of the plain path exist, the one that only this
// program writes is the later.
using Version = std::pair<Generation, bool /*our spelling*/>;

// By path, for two spellings of the plain path are one for most keys.
std::string PathOf(const std::string& key, Generation generation, bool original_spelling) {
  return original_spelling ? OriginalBlobPath(key) : BlobPath(key, generation);
}

bool IsPending(const std::string& key, const format::Pending& pending,
               const std::optional<Object>& old, const FoundFile& file) {
  if (old && old->RefersTo(file.generation, file.original_spelling, file.volume)) return false;
  for (const format::PendingBlob& blob : pending.blobs()) {
    if (blob.only_sidecar() || blob.generation() != file.generation ||
        PathOf(key, blob.generation(), blob.original_spelling()) !=
            PathOf(key, file.generation, file.original_spelling)) {
      continue;
    }
    for (const auto& place : blob.places()) {
      if (place.volume() == file.volume) return true;
    }
  }
  return false;
}

std::uint64_t AgreedSize(const std::vector<FoundFile>& replicas,
                         std::optional<std::uint64_t> known) {
  std::map<std::uint64_t, std::size_t> votes;
  for (const FoundFile& replica : replicas) ++votes[replica.size];
  if (known && votes.contains(*known)) return *known;
  return std::max_element(votes.begin(), votes.end(),
                          [](const auto& a, const auto& b) {
                            return std::pair(a.second, a.first) < std::pair(b.second, b.first);
                          })
      ->first;
}

std::size_t CountHosts(const std::vector<FoundFile>& replicas, std::uint64_t size) {
  std::set<std::string_view> hosts;
  for (const FoundFile& replica : replicas) {
    if (replica.size == size) hosts.insert(VolumeHost(replica.volume));
  }
  return hosts.size();
}

void SortByPlacement(const std::string& key, const Placement& placement,
                     std::vector<FoundFile>* replicas) {
  const std::vector<std::string> order = placement.Order(key);
  const auto rank = [&order](const FoundFile& replica) {
    return std::pair(std::find(order.begin(), order.end(), replica.volume), replica.volume);
  };
  std::sort(replicas->begin(), replicas->end(),
            [&rank](const FoundFile& a, const FoundFile& b) { return rank(a) < rank(b); });
}

}  // namespace

Choice ChooseBlob(const FoundKey& found, const Placement& placement, const format::Pending& pending,
                  const std::optional<Object>& old) {
  Choice choice;
  std::map<Version, std::vector<FoundFile>> versions;
  for (const FoundFile& file : found.blobs) {
    if (IsPending(found.key, pending, old, file)) {
      ++choice.pending;
    } else {
      versions[{file.generation, !file.original_spelling}].push_back(file);
    }
  }

  ChosenBlob blob;
  std::vector<FoundFile>* chosen = nullptr;
  for (auto& [version, replicas] : versions) {
    ChosenBlob candidate;
    candidate.generation = version.first;
    candidate.original_spelling = !version.second;
    std::optional<std::uint64_t> known;
    if (old && old->metadata && old->Path() == candidate.Path(found.key)) {
      known = old->metadata->size();
    }
    candidate.size = AgreedSize(replicas, known);
    candidate.complete = CountHosts(replicas, candidate.size) >= placement.replicas();
    if (blob.complete && !candidate.complete) continue;
    chosen = &replicas;
    blob = std::move(candidate);
  }

  std::set<Generation> generations;  // that have a blob on some volume
  for (const FoundFile& file : found.blobs) generations.insert(file.generation);
  for (const FoundFile& sidecar : found.sidecars) {
    if (!generations.contains(sidecar.generation)) ++choice.stray_sidecars;
  }
  if (chosen == nullptr) return choice;

  choice.superseded = versions.size() - 1;
  SortByPlacement(found.key, placement, chosen);
  for (const FoundFile& replica : *chosen) {
    if (replica.size != blob.size) {
      blob.disagreeing.push_back(replica.volume);
      continue;
    }
    if (blob.volumes.empty()) blob.mtime = replica.mtime;
    blob.volumes.push_back(replica.volume);
  }
  if (!blob.original_spelling) {
    for (const FoundFile& sidecar : found.sidecars) {
      if (sidecar.generation == blob.generation) blob.sidecars.push_back(sidecar.volume);
    }
  }
  choice.blob = std::move(blob);
  return choice;
}

}  // namespace mkv
