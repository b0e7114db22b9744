// A stored value as the source of another: for copies.
#ifndef S3API_RESOURCES_REPLICA_SOURCE_H_
#define S3API_RESOURCES_REPLICA_SOURCE_H_

#include <functional>
#include <memory>
#include <string>

#include "mkvcore/store/store.h"
#include "mkvcore/volumes/blob_source.h"

namespace mkv::s3 {

// A replica of the value, from the first volume that begins to deliver it; of `range`, as in
// "bytes=" RANGE, where it is not empty. Throws ReadError.
std::unique_ptr<BlobSource> OpenReplica(Store& store, const Object& object,
                                        const std::string& range = "");

// Throws ReadError when `copied`, what is known of bytes that came from a replica of `object`, are
// not those that were stored: a copy must not spread damage.
void CheckCopied(const Object& object, const format::ObjectMetadata& copied);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_REPLICA_SOURCE_H_
