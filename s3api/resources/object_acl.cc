// The ACL of an object.
#include "s3api/protocol/acl.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/request_body.h"
#include "s3api/resources/access.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_annotation.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

void GetObjectAcl(Call& call) {
  const Object object = RequireObject(call.service.store, call.StoreKey(), call.request.key);
  ReplyXml(call, AccessControlPolicyDocument(AclOf(object), OwnerOf(object, call.bucket)));
}

void PutObjectAcl(Call& call) {
  const Object object = RequireObject(call.service.store, call.StoreKey(), call.request.key);
  const Acl acl = AclOfRequest(call, OwnerOf(object, call.bucket).id);
  // Who writes where he is let in by a pattern decides over what he wrote himself.
  const bool owns_bucket = Allows(*call.principal, call.request.bucket, Action::kAdmin,
                                  call.bucket ? OwnerOf(*call.bucket) : std::nullopt);
  AnnotateObject(
      call,
      [&call, owns_bucket](const Object& current) {
        const bool is_own = current.metadata && current.metadata->owner() == call.User();
        if (!owns_bucket && !is_own) throw S3Error(ErrorCode::kAccessDenied);
      },
      [acl](format::ObjectMetadata& metadata) { StoreAcl(acl, metadata); });
  Reply(call, {});
}

}  // namespace mkv::s3
