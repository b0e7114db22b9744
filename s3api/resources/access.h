// Whether a caller may do what he asks: by his credential, as the bucket's owner, or by an ACL.
//
// An object's ACL lets others read that object, a bucket's ACL lets them list it (READ) and write,
// copy into, and delete its objects (WRITE). Nothing else is given away by an ACL. A read-only key
// stays read-only. Thread-safe; the functions that take a Service read the index.
#ifndef S3API_RESOURCES_ACCESS_H_
#define S3API_RESOURCES_ACCESS_H_

#include <optional>
#include <string_view>

#include "mkvcore/store/object.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

Acl AclOf(const Object& object);

// The owner of the object or, of one that has none (the original wrote it), of its bucket.
Owner OwnerOf(const Object& object, const std::optional<Bucket>& bucket);

// Whether the bucket's ACL lets him do that. `principal` is nullptr for nobody.
bool AclAllows(const Bucket& bucket, const Principal* principal, Operation operation);

// Reads whose right may lie in the ACL of the object: decided by RequireReadableObject().
bool IsObjectRead(Operation operation);

// Whether he may read the content of the object.
bool MayRead(const Principal* principal, const std::optional<Bucket>& bucket,
             std::string_view bucket_name, const Object& object);

// The object of a bucket for reading its content, if the caller may. What there is not is
// AccessDenied to those who may not list the bucket, so that they can not tell. Throws NoSuchKey,
// AccessDenied, ServiceUnavailable.
Object RequireReadableObject(Service& service, const Principal* principal,
                             const std::optional<Bucket>& bucket, std::string_view bucket_name,
                             std::string_view key);
// The one that the call names.
Object RequireReadableObject(Call& call);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_ACCESS_H_
