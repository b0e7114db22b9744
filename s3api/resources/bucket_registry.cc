#include "s3api/resources/bucket_registry.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/memory_source.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/keys.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

namespace {

constexpr std::string_view kSettingsPrefix = "/.mkv/bucket/";
// What marks a bucket that is being deleted. A mark that was left behind does no harm.
constexpr std::string_view kDeletionPrefix = "bucket-deletion/";
// Settings are small; what is set on one bucket at most (CORS, tags) is far below.
constexpr std::size_t kMaxSettingsBytes = 1 << 20;
constexpr std::size_t kMaxCached = 10'000;

std::string SettingsKey(std::string_view name) { return std::string(kSettingsPrefix).append(name); }
std::string DeletionKey(std::string_view name) { return std::string(kDeletionPrefix).append(name); }

nlohmann::json EncodeRule(const CorsRule& rule) {
  nlohmann::json json = {{"origins", rule.allowed_origins}, {"methods", rule.allowed_methods}};
  if (!rule.id.empty()) json["id"] = rule.id;
  if (!rule.allowed_headers.empty()) json["headers"] = rule.allowed_headers;
  if (!rule.expose_headers.empty()) json["expose"] = rule.expose_headers;
  if (rule.max_age_seconds) json["max_age"] = *rule.max_age_seconds;
  return json;
}

CorsRule DecodeRule(const nlohmann::json& json) {
  const std::vector<std::string> none;
  CorsRule rule;
  rule.id = json.value("id", "");
  rule.allowed_origins = json.value("origins", none);
  rule.allowed_methods = json.value("methods", none);
  rule.allowed_headers = json.value("headers", none);
  rule.expose_headers = json.value("expose", none);
  if (json.contains("max_age")) rule.max_age_seconds = json.at("max_age").get<int>();
  return rule;
}

// `before`: the text that it replaces; what is not known in it is carried along.
std::string Encode(const Bucket& bucket, const std::string& before) {
  nlohmann::json json = nlohmann::json::parse(before, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) json = {{"revision", 1}};
  json["owner"] = bucket.owner;
  json["created_us"] = bucket.created_us;
  json["acl"] = NameOf(bucket.acl);
  json["tags"] = nlohmann::json::array();
  for (const Tag& tag : bucket.tags()) {
    json["tags"].push_back({{"key", tag.key}, {"value", tag.value}});
  }
  json["cors"] = nlohmann::json::array();
  for (const CorsRule& rule : bucket.cors()) json["cors"].push_back(EncodeRule(rule));
  return json.dump();
}

// Settings that can not be understood must not open the bucket to anybody, or be overwritten.
Bucket Decode(std::string_view name, const std::string& text) {
  Bucket bucket;
  bucket.name = name;
  bucket.created = true;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    const nlohmann::json none = nlohmann::json::array();
    bucket.owner = json.at("owner").get<std::string>();
    bucket.created_us = json.value("created_us", std::int64_t{0});
    bucket.acl = AclNamed(json.value("acl", ""));
    BucketLists lists;
    for (const nlohmann::json& tag : json.value("tags", none)) {
      lists.tags.push_back({tag.at("key").get<std::string>(), tag.at("value").get<std::string>()});
    }
    for (const nlohmann::json& rule : json.value("cors", none)) {
      lists.cors.push_back(DecodeRule(rule));
    }
    bucket.lists = std::make_shared<BucketLists>(std::move(lists));
  } catch (const nlohmann::json::exception& error) {
    throw ReadError("the settings of bucket " + bucket.name + " are damaged: " + error.what(),
                    /*damaged=*/true);
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

// Adds the names of buckets that have live keys, be they such as S3 can name or not, each found
// with one seek past the last.
void AddNamesWithKeys(const Index& index, std::string_view prefix, std::set<std::string>* names) {
  const std::string first = StoreKey(prefix, "").substr(0, 1 + prefix.size());
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  entries->Seek(first);
  while (entries->Valid() && entries->key().starts_with(first)) {
    if (IsReservedKey(entries->key())) {
      entries->Seek("/.mkv0");  // '0' follows '/' in ASCII
      continue;
    }
    const std::string name(BucketOf(entries->key()));
    if (!IsReadableBucketName(name) || !IsLive(entries->value())) {
      entries->Next();
      continue;
    }
    // The first key past all that begin with `/NAME/`.
    entries->Seek("/" + name + "0");
    names->insert(name);
  }
  entries->Check();
}

void AddCreatedNames(const Index& index, std::string_view prefix, std::set<std::string>* names) {
  const std::string first = SettingsKey(prefix);
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  for (entries->Seek(first); entries->Valid() && entries->key().starts_with(first);
       entries->Next()) {
    names->emplace(entries->key().substr(kSettingsPrefix.size()));
  }
  entries->Check();
}

}  // namespace

void Bucket::SetTags(std::vector<Tag> tags) {
  auto changed = std::make_shared<BucketLists>(*lists);
  changed->tags = std::move(tags);
  lists = std::move(changed);
}

void Bucket::SetCors(std::vector<CorsRule> rules) {
  auto changed = std::make_shared<BucketLists>(*lists);
  changed->cors = std::move(rules);
  lists = std::move(changed);
}

std::shared_ptr<const BucketRegistry::Cached> BucketRegistry::FromCache(
    std::string_view name, const Object& settings, const Store::EntryStamps& stamps) {
  const std::lock_guard lock(mutex_);
  const auto found = cache_.find(name);
  if (found == cache_.end()) return nullptr;
  Known& known = found->second;
  if (known.settings->record != settings.record.Encode() ||
      known.settings->generation != settings.generation()) {
    return nullptr;
  }
  known.stamps = stamps;
  return known.settings;
}

std::shared_ptr<const BucketRegistry::Cached> BucketRegistry::FromCache(
    std::string_view name, const Store::EntryStamps& stamps) {
  const std::lock_guard lock(mutex_);
  const auto found = cache_.find(name);
  if (found == cache_.end() || !found->second.stamps.StillHold(stamps)) return nullptr;
  return found->second.settings;
}

BucketRegistry::Glance BucketRegistry::LookAt(std::string_view name) {
  const std::string key = SettingsKey(name);
  const Store::EntryStamps stamps = store_.StampsOf(key);
  std::shared_ptr<const Cached> cached = FromCache(name, stamps);
  if (cached) return {true, cached->bucket};
  const std::optional<Object> object = store_.Find(key);
  if (!object || object->record.unlinked) return {};
  cached = FromCache(name, *object, stamps);
  return {true, cached ? std::optional(cached->bucket) : std::nullopt};
}

std::shared_ptr<const BucketRegistry::Cached> BucketRegistry::FindCreated(std::string_view name) {
  const std::string key = SettingsKey(name);
  const Store::EntryStamps stamps = store_.StampsOf(key);
  if (std::shared_ptr<const Cached> cached = FromCache(name, stamps)) return cached;
  const std::optional<Object> object = store_.Find(key);
  if (!object || object->record.unlinked) return nullptr;
  if (std::shared_ptr<const Cached> cached = FromCache(name, *object, stamps)) return cached;
  const Object settings = WithMetadata(store_, *object);
  const std::uint64_t size = settings.known().size();
  if (size > kMaxSettingsBytes) throw ReadError("bucket settings are too long", true);
  auto read = std::make_shared<Cached>();
  read->record = settings.record.Encode();
  read->generation = settings.generation();
  ValueReader(store_, settings, size).Read(0, size, [&read](std::string_view piece) {
    read->text.append(piece);
  });
  read->bucket = Decode(name, read->text);
  const std::lock_guard lock(mutex_);
  if (cache_.size() >= kMaxCached) cache_.clear();
  cache_[std::string(name)] = {read, stamps};
  return read;
}

bool BucketRegistry::HasKeys(std::string_view name) const {
  const std::string prefix = StoreKey(name, "");
  const std::unique_ptr<Index::Iterator> entries = store_.index().NewIterator();
  for (entries->Seek(prefix); entries->Valid() && entries->key().starts_with(prefix);
       entries->Next()) {
    if (entries->key().size() > prefix.size() && IsLive(entries->value())) return true;
  }
  entries->Check();
  return false;
}

std::optional<Bucket> BucketRegistry::Find(std::string_view name) {
  if (const std::shared_ptr<const Cached> created = FindCreated(name)) return created->bucket;
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

Outcome BucketRegistry::Write(const Bucket& bucket, const Cached* expected) {
  MemorySource source(Encode(bucket, expected != nullptr ? expected->text : ""));
  Store::ReplaceRequest request;
  request.condition = [expected](const std::optional<Object>& current) {
    if (!current || expected == nullptr) {
      return current || expected != nullptr ? Outcome::kExists : Outcome::kDone;
    }
    const bool same = current->record.Encode() == expected->record &&
                      current->generation() == expected->generation;
    return same ? Outcome::kDone : Outcome::kExists;
  };
  request.conditional = true;
  const Outcome outcome = store_.Replace(SettingsKey(bucket.name), source, request).outcome;
  if (outcome == Outcome::kBusy) return Outcome::kExists;  // somebody else has changed them
  if (outcome != Outcome::kDone && outcome != Outcome::kExists) {
    throw S3Error(ErrorCode::kServiceUnavailable, "Too few volumes took the bucket's settings.");
  }
  return outcome;
}

bool BucketRegistry::Create(const Bucket& bucket) {
  return Write(bucket, nullptr) == Outcome::kDone;
}

void BucketRegistry::Change(std::string_view name, std::string_view user,
                            const std::function<void(Bucket&)>& change) {
  // Of those who change it at the same time one succeeds each round.
  constexpr int kMaxRounds = 100;
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::shared_ptr<const Cached> present = FindCreated(name);
    Bucket bucket = present ? present->bucket : Require(name);
    if (!present) {
      bucket.owner = user;
      bucket.created_us = WallClockMicros();
    }
    change(bucket);
    if (Write(bucket, present.get()) == Outcome::kDone) return;
  }
  throw S3Error(ErrorCode::kOperationAborted);
}

bool BucketRegistry::HasWritesUnderWay(std::string_view name) const {
  const std::string prefix = PendingKey(StoreKey(name, ""));
  const std::unique_ptr<Index::Iterator> entries = store_.index().NewIterator();
  for (entries->Seek(prefix); entries->Valid() && entries->key().starts_with(prefix);
       entries->Next()) {
    format::Pending pending;
    const std::string_view value = entries->value();
    if (!pending.ParseFromArray(value.data(), static_cast<int>(value.size()))) return true;
    for (const format::PendingBlob& blob : pending.blobs()) {
      if (blob.kind() == format::PendingBlob::INTENT) return true;
    }
  }
  entries->Check();
  return false;
}

void BucketRegistry::RequireForCommit(std::string_view name) {
  Index& index = store_.index();
  const std::string mark = DeletionKey(name);
  const std::string key = SettingsKey(name);
  const Stamp unmarked = index.StampOf(mark);
  const Stamp live = index.StampOf(key);
  {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(name);
    if (found != cache_.end() && unmarked != 0 && live != 0 && found->second.unmarked == unmarked &&
        found->second.live == live) {
      return;
    }
  }
  // Whoever is deleting the bucket begins again, and then sees what we have announced.
  if (index.Get(mark)) {
    Batch batch;
    batch.Delete(mark);
    (void)index.Write(batch, Index::Durability::kOrdered);  // requires nothing: never refused
  }
  const std::optional<std::string> settings = index.Get(key);
  if (!settings || !IsLive(*settings)) throw NoSuchBucketError(name);
  const std::lock_guard lock(mutex_);
  if (const auto found = cache_.find(name); found != cache_.end()) {
    found->second.unmarked = unmarked;
    found->second.live = live;
  }
}

void BucketRegistry::Delete(std::string_view name) {
  Index& index = store_.index();
  const std::string mark = DeletionKey(name);
  // Writes that are about to become objects take the mark away: look again, and see them.
  constexpr int kMaxRounds = 100;
  for (int round = 0; round < kMaxRounds; ++round) {
    if (HasKeys(name)) throw S3Error(ErrorCode::kBucketNotEmpty).With("BucketName", name);
    const std::string own = std::to_string(store_.NextPendingId(0));
    Batch marking;
    marking.Put(mark, own);
    (void)index.Write(marking, Index::Durability::kOrdered);  // requires nothing: never refused
    Batch unmarking;
    unmarking.Require(mark, own);
    unmarking.Delete(mark);
    if (HasWritesUnderWay(name) || HasKeys(name)) {
      (void)index.Write(unmarking, Index::Durability::kOrdered);
      throw S3Error(ErrorCode::kBucketNotEmpty).With("BucketName", name);
    }
    const auto is_marked = [&](const std::optional<Object>&) {
      return index.Get(mark) == own ? Outcome::kDone : Outcome::kBusy;
    };
    const Outcome outcome = store_.Remove(SettingsKey(name), is_marked, unmarking);
    if (outcome == Outcome::kDone) return;
    (void)index.Write(unmarking, Index::Durability::kOrdered);
    if (outcome != Outcome::kBusy) throw NoSuchBucketError(name);
  }
  throw S3Error(ErrorCode::kOperationAborted);
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
    std::optional<Bucket> bucket;
    try {
      bucket = Find(name);
    } catch (const IndexError&) {
      throw;
    } catch (const std::exception& error) {
      // One whose settings no volume has any more, or has now, must not hide all the others.
      spdlog::error("bucket \"{}\" is left out of a listing: {}", name, error.what());
      continue;
    }
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
