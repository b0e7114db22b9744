#include "s3api/resources/object_metadata.h"

#include "mkvcore/format/sidecar.h"

namespace mkv::s3 {

void AddChecksum(const ChecksumValue& checksum, format::ObjectMetadata& metadata) {
  format::Checksum& stored = *metadata.add_checksums();
  stored.set_algorithm(std::string(Name(checksum.algorithm)));
  stored.set_value(checksum.value);
}

std::vector<ChecksumValue> ChecksumsOf(const format::ObjectMetadata& metadata) {
  std::vector<ChecksumValue> checksums;
  for (const format::Checksum& stored : metadata.checksums()) {
    const std::optional<ChecksumAlgorithm> algorithm = AlgorithmNamed(stored.algorithm());
    if (algorithm) checksums.push_back({*algorithm, stored.value()});
  }
  return checksums;
}

std::optional<std::string> SidecarOf(const format::ObjectMetadata& metadata) {
  const bool derivable = metadata.headers_size() == 0 && metadata.etag().empty() &&
                         metadata.tags_size() == 0 && metadata.acl().empty() &&
                         !metadata.sidecar() && metadata.parts_size() == 0;
  if (derivable) return std::nullopt;
  return EncodeSidecar(metadata, static_cast<std::uint64_t>(metadata.mtime_us()));
}

}  // namespace mkv::s3
