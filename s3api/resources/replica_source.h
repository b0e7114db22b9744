// A stored value as the source of another: for copies.
#ifndef S3API_RESOURCES_REPLICA_SOURCE_H_
#define S3API_RESOURCES_REPLICA_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mkvcore/store/store.h"
#include "mkvcore/volumes/blob_source.h"

namespace mkv::s3 {

// A replica of the value, from the first volume that begins to deliver one of its size; of `range`,
// as in "bytes=" RANGE, where it is not empty. Throws ReadError.
std::unique_ptr<BlobSource> OpenReplica(Store& store, const Object& object,
                                        const std::string& range = "");

// Whether anything tells which bytes the value has.
bool KnowsDigest(const Object& object);

// Throws ReadError when `copied`, what is known of bytes that came from a replica of `object`, are
// not those that were stored, as far as that is known: a copy must not spread damage.
void CheckCopied(const Object& object, const format::ObjectMetadata& copied);

// The same where no digest is known, as of a range of a value: the bytes are read from a second
// replica too, and compared. Where no other can be read there is nothing to compare with.
struct CopiedBytes {
  std::string volume;  // that they were read from
  std::string range;   // as OpenReplica() has it
  std::uint64_t size = 0;
  std::uint32_t crc32c = 0;
};
// `waiting` is called all the while, if there is one, and may throw.
void CompareWithAnother(Store& store, const Object& object, const CopiedBytes& copied,
                        const std::function<void()>& waiting);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_REPLICA_SOURCE_H_
