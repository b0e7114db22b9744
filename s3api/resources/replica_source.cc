#include "s3api/resources/replica_source.h"

#include <string>
#include <string_view>

#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {

std::unique_ptr<BlobSource> OpenReplica(Store& store, const Object& object,
                                        const std::string& range) {
  std::string error = "the value has no replica";
  for (const BlobLocation& replica : object.Replicas()) {
    try {
      auto source = std::make_unique<BlobSource>(store.volumes(), replica, range);
      if (!range.empty() || source->size() == object.known().size()) return source;
      error = "the replica on " + replica.volume + " has another size";
    } catch (const SourceError& failed) {
      error = failed.what();
    }
  }
  throw ReadError(error, /*damaged=*/false);
}

bool KnowsDigest(const Object& object) {
  const format::ObjectMetadata& known = object.known();
  return known.has_crc32c() || !known.md5().empty() || !object.record.hash.empty();
}

void CheckCopied(const Object& object, const format::ObjectMetadata& copied) {
  const format::ObjectMetadata& known = object.known();
  const std::string& md5 = copied.md5();
  const bool differs =
      known.size() != copied.size() || (known.has_crc32c() && known.crc32c() != copied.crc32c()) ||
      (!md5.empty() && !known.md5().empty() && known.md5() != md5) ||
      (!md5.empty() && !object.record.hash.empty() && object.record.hash != Hex(md5));
  if (differs) {
    throw ReadError("the replica of " + object.key + " that was copied is damaged",
                    /*damaged=*/true);
  }
}

void CompareWithAnother(Store& store, const Object& object, const CopiedBytes& copied,
                        const std::function<void()>& waiting) {
  for (const BlobLocation& other : object.Replicas()) {
    if (other.volume == copied.volume || store.volumes().health().IsDown(other.volume)) continue;
    ValueHasher hasher(/*md5=*/false);
    const VolumeAnswer answer =
        store.volumes().Get(other, copied.range, [&](std::string_view piece) {
          hasher.Update(piece);
          if (waiting) waiting();
          return true;
        });
    // One of another size is not the value, whatever the other is.
    if (!answer.ok() || hasher.size() != copied.size) continue;
    if (hasher.crc32c() == copied.crc32c) return;
    // Without a digest nothing says which of the two it is, and whoever was to repair the one would
    // take the other for the value.
    if (KnowsDigest(object)) store.ReportBadReplicas(object.key, {copied.volume});
    throw ReadError("the replicas of " + object.key + " on " + copied.volume + " and " +
                        other.volume + " differ: one that was to be copied is damaged",
                    /*damaged=*/true);
  }
}

}  // namespace mkv::s3
