#include "s3api/resources/copy_source.h"

#include "s3api/protocol/conditions.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/router.h"
#include "s3api/resources/access.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

Object RequireCopySource(Call& call) {
  const CopySource from = ParseCopySource(call.head.headers.get("x-amz-copy-source"));
  if (from.version_id && *from.version_id != "null") throw S3Error(ErrorCode::kNoSuchVersion);
  const std::optional<Bucket> bucket = call.service.buckets.Find(from.bucket);
  if (!bucket) {
    const bool may_know = call.principal != nullptr &&
                          Allows(*call.principal, from.bucket, Action::kRead, std::nullopt);
    throw may_know ? NoSuchBucketError(from.bucket) : S3Error(ErrorCode::kAccessDenied);
  }
  Object source =
      RequireReadableObject(call.service, call.principal, bucket, from.bucket, from.key);
  const std::string etag = ETagOf(source);
  ReadConditions::OfCopySource(call.head).CheckCopySource({etag, source.known().mtime_us()});
  return source;
}

}  // namespace mkv::s3
