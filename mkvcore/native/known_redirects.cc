#include "mkvcore/native/known_redirects.h"

#include <algorithm>
#include <utility>

namespace mkv {

namespace {

std::string Join(const std::vector<std::string>& volumes) {
  std::string joined;
  for (const std::string& volume : volumes) {
    if (!joined.empty()) joined += ',';
    joined += volume;
  }
  return joined;
}

std::size_t BytesOf(const std::string& key, const KnownRedirect& known) {
  std::size_t bytes = key.size() + sizeof known + known.entries.record->size();
  if (known.entries.metadata) bytes += known.entries.metadata->size();
  for (const KnownRedirect::Replica& replica : known.replicas) {
    bytes += sizeof replica + replica.location.volume.size() + replica.location.path.size();
  }
  return bytes;
}

}  // namespace

std::shared_ptr<KnownRedirect> KnownRedirects::Find(
    const std::string& key, const ObjectEntries& entries,
    const std::shared_ptr<const Placement>& placement) const {
  // Without metadata, record and metadata may have been read at different moments.
  return entries.metadata ? MadeOf(key, entries, placement) : nullptr;
}

std::shared_ptr<KnownRedirect> KnownRedirects::MadeOf(
    const std::string& key, const ObjectEntries& entries,
    const std::shared_ptr<const Placement>& placement) const {
  const auto found = known_.find(key);
  if (found == known_.end() || found->second->placement != placement ||
      found->second->entries != entries) {
    return nullptr;
  }
  return found->second;
}

std::shared_ptr<KnownRedirect> KnownRedirects::Learn(const Object& object, ObjectEntries entries,
                                                     std::shared_ptr<const Placement> placement) {
  // Not another one each time, or what one request finds out of a replica is lost on the next.
  if (auto same = MadeOf(object.key, entries, placement)) return same;
  const auto known = std::make_shared<KnownRedirect>();
  known->entries = std::move(entries);
  known->placement = std::move(placement);

  if (!object.record.hash.empty()) known->response.Header("Content-Md5", object.record.hash);
  const bool balanced = object.record.volumes == known->placement->Choose(object.key);
  known->response.Header("Key-Balance", balanced ? "balanced" : "unbalanced");
  known->response.Header("Key-Volumes", Join(object.record.volumes));
  for (BlobLocation& replica : object.Replicas()) {
    known->replicas.push_back({std::move(replica), std::nullopt});
  }

  if (bytes_ >= kMaxBytes) {
    known_.clear();
    bytes_ = 0;
  }
  std::shared_ptr<KnownRedirect>& kept = known_[object.key];
  if (kept) {
    bytes_ -= BytesOf(object.key, *kept);
    for (KnownRedirect::Replica& replica : known->replicas) {
      const auto before = std::find_if(kept->replicas.begin(), kept->replicas.end(),
                                       [&replica](const KnownRedirect::Replica& other) {
                                         return other.location.volume == replica.location.volume &&
                                                other.location.path == replica.location.path;
                                       });
      if (before != kept->replicas.end()) replica.seen = before->seen;
    }
  }
  bytes_ += BytesOf(object.key, *known);
  kept = known;
  return known;
}

}  // namespace mkv
