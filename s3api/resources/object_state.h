// An object as S3 sees it: what conditions compare with, and what must be known before it can be
// served.
#ifndef S3API_RESOURCES_OBJECT_STATE_H_
#define S3API_RESOURCES_OBJECT_STATE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/store/object.h"
#include "mkvcore/store/store.h"
#include "s3api/protocol/conditions.h"

namespace mkv::s3 {

struct CallContext;

// The entity tag, without quotes, of an object whose metadata is known.
std::string ETagOf(const Object& object);

// The object with its metadata, learned from the volumes where the index has none. Throws
// ServiceUnavailable when no volume tells.
Object WithMetadata(Store& store, Object object);

// The live object of a store key with its metadata. Throws NoSuchKey, and what WithMetadata()
// throws.
Object RequireObject(Store& store, const std::string& store_key, std::string_view key);

// Whether nobody has changed it since: neither its value nor what is said of it.
bool IsUnchanged(const Object& now, const Object& before);

// A condition of the store that throws what the client's conditions throw. A value of which the
// index knows nothing (the original wrote it) has the validators that its volumes tell.
std::function<Outcome(const std::optional<Object>& current)> StoreCondition(
    Store& store, const WriteConditions& conditions, const std::string& key);

// The same for the object that the call writes: and its bucket, if it was created, is still there.
std::function<Outcome(const std::optional<Object>& current)> WriteCondition(
    const CallContext& call, const WriteConditions& conditions, const std::string& key);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_OBJECT_STATE_H_
