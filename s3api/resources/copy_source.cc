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
  const Bucket bucket = call.service.buckets.Require(from.bucket);
  Object source =
      RequireReadableObject(call.service, call.principal, bucket, from.bucket, from.key);
  const std::string etag = ETagOf(source);
  ReadConditions::OfCopySource(call.head).CheckCopySource({etag, source.known().mtime_us()});
  return source;
}

}  // namespace mkv::s3
