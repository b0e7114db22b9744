#include "s3api/resources/access.h"

#include "s3api/protocol/error.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

namespace {

bool MayByCredential(const Principal* principal, std::string_view bucket_name,
                     const std::optional<Bucket>& bucket, Action action) {
  return principal != nullptr &&
         Allows(*principal, bucket_name, action, bucket ? OwnerOf(*bucket) : std::nullopt);
}

}  // namespace

Acl AclOf(const Object& object) {
  return object.metadata ? AclNamed(object.metadata->acl()) : Acl::kPrivate;
}

Owner OwnerOf(const Object& object, const std::optional<Bucket>& bucket) {
  const bool known = object.metadata && !object.metadata->owner().empty();
  const std::string& name = known ? object.metadata->owner() : bucket ? bucket->owner : "";
  return {name, name};
}

bool AclAllows(const Bucket& bucket, const Principal* principal, Operation operation) {
  switch (operation) {
    case Operation::kHeadBucket:
    case Operation::kListObjects:
    case Operation::kListObjectsV2:
    case Operation::kListObjectVersions:
    case Operation::kListMultipartUploads:
      return GrantsRead(bucket.acl, principal != nullptr);
    case Operation::kPutObject:
    case Operation::kPostObject:
    case Operation::kCopyObject:
    case Operation::kDeleteObject:
    case Operation::kDeleteObjects:
      return GrantsWrite(bucket.acl) &&
             (principal == nullptr || principal->access != Access::kReadOnly);
    // An upload in parts belongs to the user who began it: nobody can have none.
    case Operation::kCreateMultipartUpload:
    case Operation::kUploadPart:
    case Operation::kUploadPartCopy:
    case Operation::kCompleteMultipartUpload:
    case Operation::kAbortMultipartUpload:
    case Operation::kListParts:
      return GrantsWrite(bucket.acl) && principal != nullptr &&
             principal->access != Access::kReadOnly;
    default:
      return false;
  }
}

bool IsObjectRead(Operation operation) {
  return operation == Operation::kGetObject || operation == Operation::kHeadObject;
}

bool MayRead(const Principal* principal, const std::optional<Bucket>& bucket,
             std::string_view bucket_name, const Object& object) {
  return MayByCredential(principal, bucket_name, bucket, Action::kRead) ||
         GrantsRead(AclOf(object), principal != nullptr);
}

Object RequireReadableObject(Service& service, const Principal* principal,
                             const std::optional<Bucket>& bucket, std::string_view bucket_name,
                             std::string_view key) {
  const std::string store_key = StoreKey(bucket_name, key);
  if (MayByCredential(principal, bucket_name, bucket, Action::kRead)) {
    return RequireObject(service.store, store_key, key);
  }
  std::optional<Object> object = service.store.Find(store_key);
  if (!object || object->record.unlinked) {
    if (bucket && AclAllows(*bucket, principal, Operation::kListObjectsV2)) {
      throw NoSuchKeyError(key);
    }
    throw S3Error(ErrorCode::kAccessDenied);
  }
  if (!GrantsRead(AclOf(*object), principal != nullptr)) throw S3Error(ErrorCode::kAccessDenied);
  return WithMetadata(service.store, *std::move(object));
}

Object RequireReadableObject(Call& call) {
  return RequireReadableObject(call.service, call.principal, call.bucket, call.request.bucket,
                               call.request.key);
}

}  // namespace mkv::s3
