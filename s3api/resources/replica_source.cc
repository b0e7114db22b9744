#include "s3api/resources/replica_source.h"

#include <string>

#include "mkvcore/store/value_reader.h"

namespace mkv::s3 {

std::unique_ptr<BlobSource> OpenReplica(Store& store, const Object& object,
                                        const std::string& range) {
  std::string error = "the value has no replica";
  for (const BlobLocation& replica : object.Replicas()) {
    try {
      return std::make_unique<BlobSource>(store.volumes(), replica, range);
    } catch (const SourceError& failed) {
      error = failed.what();
    }
  }
  throw ReadError(error, /*damaged=*/false);
}

void CheckCopied(const Object& object, const format::ObjectMetadata& copied) {
  const format::ObjectMetadata& known = object.known();
  if (known.has_crc32c() && known.crc32c() != copied.crc32c()) {
    throw ReadError("the replica of " + object.key + " that was copied is damaged",
                    /*damaged=*/true);
  }
}

}  // namespace mkv::s3
