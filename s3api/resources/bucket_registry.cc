#include "s3api/resources/bucket_registry.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/memory_source.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/keys.h"

namespace mkv::s3 {

namespace {

constexpr std::string_view kSettingsPrefix = "/.mkv/bucket/";
// Settings are small; what is set on one bucket at most (CORS, tags) is far below.
constexpr std::size_t kMaxSettingsBytes = 1 << 20;
constexpr std::size_t kMaxCached = 10'000;

std::string SettingsKey(std::string_view name) { return std::string(kSettingsPrefix).append(name); }

std::string Encode(const Bucket& bucket) {
  return nlohmann::json{{"revision", 1}, {"owner", bucket.owner}, {"created_us", bucket.created_us}}
      .dump();
}

Bucket Decode(std::string_view name, const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  Bucket bucket;
  bucket.name = name;
  bucket.created = true;
  if (json.is_object()) {
    bucket.owner = json.value("owner", "");
    bucket.created_us = json.value("created_us", std::int64_t{0});
  }
  return bucket;
}

bool IsLive(std::string_view record_bytes) {
  const std::optional<Record> record = Record::Decode(record_bytes);
  return record && !record->unlinked;
}

// The name of the bucket that a store key lies in; empty for none.
std::string_view BucketOf(std::string_view store_key) {
  const std::size_t slash = store_key.find('/', 1);
  if (slash == std::string_view::npos || slash + 1 == store_key.size()) return {};
  return store_key.substr(1, slash - 1);
}

// Adds the names of buckets that have live keys, each found with one seek past the last.
void AddNamesWithKeys(const Index& index, std::string_view prefix, std::set<std::string>* names) {
  const std::string first = StoreKey(prefix, "").substr(0, 1 + prefix.size());
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  entries->Seek(first);
  while (entries->Valid() && entries->key().starts_with(first)) {
    const std::string name(BucketOf(entries->key()));
    if (!IsReadableBucketName(name) || !IsLive(entries->value())) {
      entries->Next();
      continue;
    }
    // '0' follows '/' in ASCII: the first key past all that begin with `/NAME/`.
    entries->Seek("/" + name + "0");
    names->insert(name);
  }
}

void AddCreatedNames(const Index& index, std::string_view prefix, std::set<std::string>* names) {
  const std::string first = SettingsKey(prefix);
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  for (entries->Seek(first); entries->Valid() && entries->key().starts_with(first);
       entries->Next()) {
    names->emplace(entries->key().substr(kSettingsPrefix.size()));
  }
}

}  // namespace

std::optional<Bucket> BucketRegistry::FindCreated(std::string_view name) {
  const std::optional<Object> object = store_.Find(SettingsKey(name));
  if (!object || object->record.unlinked) return std::nullopt;
  const std::string record = object->record.Encode();
  {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(name);
    if (found != cache_.end() && found->second.record == record &&
        found->second.generation == object->generation()) {
      return found->second.bucket;
    }
  }
  const std::uint64_t size = object->metadata ? object->metadata->size() : 0;
  if (size > kMaxSettingsBytes) throw ReadError("bucket settings are too long", true);
  std::string text;
  ValueReader(store_.volumes(), *object, size).Read(0, size, [&text](std::string_view piece) {
    text.append(piece);
  });
  Bucket bucket = Decode(name, text);
  const std::lock_guard lock(mutex_);
  if (cache_.size() >= kMaxCached) cache_.clear();
  cache_[std::string(name)] = {record, object->generation(), bucket};
  return bucket;
}

bool BucketRegistry::HasKeys(std::string_view name) const {
  const std::string prefix = StoreKey(name, "");
  const std::unique_ptr<Index::Iterator> entries = store_.index().NewIterator();
  for (entries->Seek(prefix); entries->Valid() && entries->key().starts_with(prefix);
       entries->Next()) {
    if (entries->key().size() > prefix.size() && IsLive(entries->value())) return true;
  }
  return false;
}

std::optional<Bucket> BucketRegistry::Find(std::string_view name) {
  if (std::optional<Bucket> created = FindCreated(name)) return created;
  if (!IsReadableBucketName(name) || !HasKeys(name)) return std::nullopt;
  Bucket implicit;
  implicit.name = name;
  return implicit;
}

Bucket BucketRegistry::Require(std::string_view name) {
  std::optional<Bucket> bucket = Find(name);
  if (!bucket) throw NoSuchBucketError(name);
  return *std::move(bucket);
}

bool BucketRegistry::Create(const Bucket& bucket) {
  MemorySource source(Encode(bucket));
  Store::ReplaceRequest request;
  request.condition = [](const std::optional<Object>& current) {
    return current ? Outcome::kExists : Outcome::kDone;
  };
  switch (store_.Replace(SettingsKey(bucket.name), source, request).outcome) {
    case Outcome::kDone:
      return true;
    case Outcome::kExists:
      return false;
    default:
      throw S3Error(ErrorCode::kServiceUnavailable, "Too few volumes took the bucket's settings.");
  }
}

void BucketRegistry::Delete(std::string_view name) {
  if (HasKeys(name)) throw S3Error(ErrorCode::kBucketNotEmpty).With("BucketName", name);
  const Outcome outcome = store_.Remove(SettingsKey(name), {});
  if (outcome != Outcome::kDone) throw NoSuchBucketError(name);
}

BucketRegistry::Page BucketRegistry::List(std::string_view prefix, std::string_view after,
                                          std::size_t limit,
                                          const std::function<bool(const Bucket&)>& visible) {
  // Keys are ordered by `/NAME/`, names by `NAME`: not the same order where a name is the beginning
  // of another. Buckets are few, so all names are collected and put in order.
  std::set<std::string> names;
  AddNamesWithKeys(store_.index(), prefix, &names);
  AddCreatedNames(store_.index(), prefix, &names);
  Page page;
  for (auto at = names.upper_bound(std::string(after)); at != names.end(); ++at) {
    const std::string& name = *at;
    const std::optional<Bucket> bucket = Find(name);
    if (!bucket || !visible(*bucket)) continue;
    if (page.buckets.size() == limit) {
      page.next = page.buckets.back().name;
      return page;
    }
    page.buckets.push_back(*bucket);
  }
  return page;
}

}  // namespace mkv::s3
