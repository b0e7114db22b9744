// Which buckets exist, whose they are, and what was set on them.
//
// A bucket is a key prefix. It exists once it was created, or once a key lies under its prefix (the
// native API and the original made such ones; they have no owner). What is set on a created bucket
// is JSON in an ordinary blob of the gateway, `/.mkv/bucket/NAME`, so that it is replicated and
// survives a lost index like any value.
//
// Thread-safe. Reading a bucket's settings for the first time after they changed asks a volume:
// worker threads only. Throws IndexError, ReadError, and S3Error where named.
#ifndef S3API_RESOURCES_BUCKET_REGISTRY_H_
#define S3API_RESOURCES_BUCKET_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/store/store.h"

namespace mkv::s3 {

struct Bucket {
  std::string name;
  std::string owner;  // user name; empty: nobody's, because it was never created
  std::int64_t created_us = 0;
  bool created = false;  // by CreateBucket, as opposed to by its keys
};

// As Allows() takes it: nullopt for nobody.
inline std::optional<std::string_view> OwnerOf(const Bucket& bucket) {
  return bucket.created ? std::optional<std::string_view>(bucket.owner) : std::nullopt;
}

class BucketRegistry {
 public:
  // `store` outlives the registry.
  explicit BucketRegistry(Store& store) : store_(store) {}

  std::optional<Bucket> Find(std::string_view name);
  // Throws NoSuchBucket.
  Bucket Require(std::string_view name);

  // False when somebody else created it first. Throws S3Error (ServiceUnavailable) when the volumes
  // do not take it.
  bool Create(const Bucket& bucket);
  // Throws BucketNotEmpty, NoSuchBucket.
  void Delete(std::string_view name);

  struct Page {
    std::vector<Bucket> buckets;
    std::string next;  // to go on with; empty: that was all
  };
  // Buckets in order of their names, after `after`, beginning with `prefix`, that `visible` lets
  // through; at most `limit`.
  Page List(std::string_view prefix, std::string_view after, std::size_t limit,
            const std::function<bool(const Bucket&)>& visible);

 private:
  struct Cached {
    std::string record;  // of the settings blob: what the settings were read under
    Generation generation = kPlain;
    Bucket bucket;
  };
  std::optional<Bucket> FindCreated(std::string_view name);
  bool HasKeys(std::string_view name) const;

  Store& store_;
  std::mutex mutex_;
  std::map<std::string, Cached, std::less<>> cache_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_BUCKET_REGISTRY_H_
