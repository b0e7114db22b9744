#include "s3api/resources/object_state.h"

#include <utility>
#include <vector>

#include "s3api/protocol/error.h"
#include "s3api/protocol/etag.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

Object WithMetadata(Store& store, Object object) {
  if (object.knows_metadata()) return object;
  std::vector<Object> unknown{std::move(object)};
  store.Learn(unknown);
  if (!unknown.front().knows_metadata()) {
    throw S3Error(ErrorCode::kServiceUnavailable, "No volume tells of the object. Try again.");
  }
  return std::move(unknown.front());
}

std::string ETagOf(const Object& object) { return ETagOf(object.known(), object.record.hash); }

Object RequireObject(Store& store, const std::string& store_key, std::string_view key) {
  std::optional<Object> object = store.Find(store_key);
  if (!object || object->record.unlinked) throw NoSuchKeyError(key);
  return WithMetadata(store, *std::move(object));
}

bool IsUnchanged(const Object& now, const Object& before) {
  if (now.record != before.record || now.generation() != before.generation()) return false;
  // What the index has not of its own nobody has changed.
  if (!now.metadata || !before.metadata) {
    return now.metadata.has_value() == before.metadata.has_value();
  }
  return now.metadata->mtime_us() == before.metadata->mtime_us() &&
         now.metadata->annotated_us() == before.metadata->annotated_us();
}

std::function<Outcome(const std::optional<Object>& current)> StoreCondition(
    Store& store, const WriteConditions& conditions, const std::string& key) {
  if (conditions.empty()) return {};
  return [&store, conditions, key](const std::optional<Object>& current) {
    if (!current) {
      conditions.Check(nullptr, 0, key);
    } else {
      const Object object = WithMetadata(store, *current);
      const format::ObjectMetadata& metadata = object.known();
      const std::string etag = ETagOf(metadata, object.record.hash);
      const Validators validators{etag, metadata.mtime_us()};
      conditions.Check(&validators, metadata.size(), key);
    }
    return Outcome::kDone;
  };
}

std::function<Outcome(const std::optional<Object>& current)> WriteCondition(
    const CallContext& call, const WriteConditions& conditions, const std::string& key) {
  std::function<Outcome(const std::optional<Object>&)> wanted =
      StoreCondition(call.service.store, conditions, key);
  // A bucket that nobody created, or that a write makes, needs not be there.
  const bool needs_bucket =
      call.bucket && call.bucket->created && !call.service.options.implicit_buckets;
  if (!needs_bucket) return wanted;
  return [&call, wanted = std::move(wanted)](const std::optional<Object>& current) {
    // Whoever deletes a bucket sees an object that is there.
    if (!current) call.service.buckets.RequireForCommit(call.request.bucket);
    return wanted ? wanted(current) : Outcome::kDone;
  };
}

}  // namespace mkv::s3
