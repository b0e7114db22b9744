#include "s3api/resources/quick_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv::s3 {

void QuickReader::Answer(const std::shared_ptr<http::Exchange>& exchange, const Object& object,
                         ReadPlan plan, std::function<void()> otherwise) {
  if (plan.length == 0) return exchange->Reply(std::move(plan.head));
  const format::ObjectMetadata& metadata = object.known();
  const bool whole = plan.offset == 0 && plan.length == metadata.size();
  if (!whole || plan.length > kMaxBytes || !metadata.has_crc32c() ||
      volumes_.under_way() >= kMaxUnderWay) {
    return otherwise();
  }
  const std::vector<BlobLocation> replicas = object.Replicas();
  const VolumeHealth& health = store_.volumes().health();
  const auto replica =
      std::find_if(replicas.begin(), replicas.end(),
                   [&health](const BlobLocation& blob) { return !health.IsDown(blob.volume); });
  if (replica == replicas.end()) return otherwise();
  volumes_.Get(
      *replica, metadata.size(),
      [exchange, crc32c = metadata.crc32c(), head = std::move(plan.head),
       otherwise = std::move(otherwise)](const VolumeAnswer& answer, std::string value) mutable {
        if (!answer.ok() || Crc32c(value) != crc32c) return otherwise();
        head.body = std::move(value);
        exchange->Reply(std::move(head));
      });
}

}  // namespace mkv::s3
