// What S3 keeps of an object beside its bytes, in the terms of the index's metadata.
#ifndef S3API_RESOURCES_OBJECT_METADATA_H_
#define S3API_RESOURCES_OBJECT_METADATA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/http/request.h"
#include "s3api/checksum/checksum.h"
#include "s3api/protocol/acl.h"
#include "s3api/protocol/tagging.h"

namespace mkv::s3 {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
inline constexpr std::uint64_t kMaxPutBytes = 5ULL << 30;

void AddChecksum(const ChecksumValue& checksum, format::ObjectMetadata& metadata);
// The stored checksums that this program knows.
std::vector<ChecksumValue> ChecksumsOf(const format::ObjectMetadata& metadata);

void StoreTags(const std::vector<Tag>& tags, format::ObjectMetadata& metadata);
void StoreAcl(Acl acl, format::ObjectMetadata& metadata);

// What the headers of an upload say of the new object besides its bytes: content headers, user
// metadata, tags, ACL. `owner`: who uploads it. Throws S3Error.
format::ObjectMetadata DescribedByHeaders(const http::RequestHead& head, const std::string& owner);

// The sidecar's content, when the object has anything that a rebuild could not derive from the blob
// again: content headers other than the default, user metadata, an ETag that is no MD5, tags, an
// ACL. A checksum alone is no reason (it can be computed again), but goes along.
std::optional<std::string> SidecarOf(const format::ObjectMetadata& metadata);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_OBJECT_METADATA_H_
