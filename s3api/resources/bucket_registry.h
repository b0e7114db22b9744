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
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/store/store.h"
#include "s3api/protocol/acl.h"
#include "s3api/protocol/cors.h"
#include "s3api/protocol/tagging.h"

namespace mkv::s3 {

// What of a bucket is long, and the same for all requests until it is changed.
struct BucketLists {
  std::vector<Tag> tags;
  std::vector<CorsRule> cors;
};

struct Bucket {
  std::string name;
  std::string owner;  // user name; empty: nobody's, because it was never created
  std::int64_t created_us = 0;
  bool created = false;  // by CreateBucket, as opposed to by its keys
  Acl acl = Acl::kPrivate;
  std::shared_ptr<const BucketLists> lists = std::make_shared<BucketLists>();

  const std::vector<Tag>& tags() const { return lists->tags; }
  const std::vector<CorsRule>& cors() const { return lists->cors; }
  void SetTags(std::vector<Tag> tags);
  void SetCors(std::vector<CorsRule> rules);
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
  // What can be told without asking a volume, for event loops: whether a bucket of that name was
  // created, and its settings where they are known already.
  struct Glance {
    bool created = false;
    std::optional<Bucket> bucket;
  };
  Glance LookAt(std::string_view name);
  // Throws NoSuchBucket.
  Bucket Require(std::string_view name);

  // False when somebody else created it first. Throws S3Error (ServiceUnavailable) when the volumes
  // do not take it.
  bool Create(const Bucket& bucket);
  // Changes what is set on a bucket. `change` gets it as it is, and is called again when somebody
  // else changed it meanwhile, so that no change is lost. A bucket that was not created yet becomes
  // one, of `user`. Throws NoSuchBucket; OperationAborted when others change it all the while.
  void Change(std::string_view name, std::string_view user,
              const std::function<void(Bucket&)>& change);
  // Throws BucketNotEmpty (also while an object is on its way into it), NoSuchBucket;
  // OperationAborted when others write and delete in it all the while.
  void Delete(std::string_view name);
  // For the condition of a write that makes an object in a bucket that was created: the write's
  // intent is in the index, and its commit follows. Throws NoSuchBucket. A bucket that is being
  // deleted then is not deleted.
  void RequireForCommit(std::string_view name);

  struct Page {
    std::vector<Bucket> buckets;
    std::string next;  // to go on with; empty: that was all
  };
  // Buckets in order of their names, after `after`, beginning with `prefix`, that `visible` lets
  // through; at most `limit`. Those whose settings can not be read are left out and logged.
  Page List(std::string_view prefix, std::string_view after, std::size_t limit,
            const std::function<bool(const Bucket&)>& visible);

 private:
  struct Cached {
    std::string record;  // of the settings blob: what the settings were read under
    Generation generation = kPlain;
    std::string text;  // with what a newer program may have added
    Bucket bucket;
  };
  // What is known of a bucket without being read again as long as stamps are what they were.
  struct Known {
    std::shared_ptr<const Cached> settings;
    Store::EntryStamps stamps;  // of the settings
    // The mark of its deletion is not there, and the settings are.
    Stamp unmarked = 0;
    Stamp live = 0;
  };
  // Each nullptr when there is none. What is in the cache for `settings`, and still is under these
  // stamps, taken before they were read:
  std::shared_ptr<const Cached> FromCache(std::string_view name, const Object& settings,
                                          const Store::EntryStamps& stamps);
  std::shared_ptr<const Cached> FromCache(std::string_view name, const Store::EntryStamps& stamps);
  std::shared_ptr<const Cached> FindCreated(std::string_view name);
  // Where the settings are (still) `expected`; nullptr: where there are none.
  Outcome Write(const Bucket& bucket, const Cached* expected);
  bool HasKeys(std::string_view name) const;
  // Somebody has announced a value of a key in it.
  bool HasWritesUnderWay(std::string_view name) const;

  Store& store_;
  std::mutex mutex_;
  std::map<std::string, Known, std::less<>> cache_;
};

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_BUCKET_REGISTRY_H_
