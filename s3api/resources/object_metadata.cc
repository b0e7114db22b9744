#include "s3api/resources/object_metadata.h"

#include <algorithm>

#include "mkvcore/format/sidecar.h"
#include "s3api/protocol/object_headers.h"

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

void StoreTags(const std::vector<Tag>& tags, format::ObjectMetadata& metadata) {
  metadata.clear_tags();
  for (const Tag& tag : tags) {
    format::Tag& stored = *metadata.add_tags();
    stored.set_key(tag.key);
    stored.set_value(tag.value);
  }
}

void StoreAcl(Acl acl, format::ObjectMetadata& metadata) {
  metadata.set_acl(acl == Acl::kPrivate ? std::string() : std::string(NameOf(acl)));
}

format::ObjectMetadata DescribedByHeaders(const http::RequestHead& head, const std::string& owner) {
  format::ObjectMetadata described;
  StoreObjectHeaders(head, described);
  if (head.headers.has("x-amz-tagging")) {
    StoreTags(ParseTaggingHeader(head.headers.get("x-amz-tagging")), described);
  }
  StoreAcl(AclOfHeaders(head, owner).value_or(Acl::kPrivate), described);
  described.set_owner(owner);
  return described;
}

std::optional<std::string> SidecarOf(const format::ObjectMetadata& metadata) {
  const bool derivable = metadata.headers_size() == 0 && metadata.etag().empty() &&
                         metadata.tags_size() == 0 && metadata.acl().empty() &&
                         !metadata.sidecar() && !metadata.has_parts();
  if (derivable) return std::nullopt;
  return EncodeSidecar(
      metadata, static_cast<std::uint64_t>(std::max(metadata.mtime_us(), metadata.annotated_us())));
}

}  // namespace mkv::s3
