// PutObject: one value, replaced whole.
#include "mkvcore/format/sidecar.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"
#include "s3api/signature/payload_source.h"

namespace mkv::s3 {

void PutObject(Call& call) {
  const WriteConditions conditions = WriteConditions::Of(call.head);
  RefuseUnsupportedHeaders(call.head);
  const format::ObjectMetadata described = DescribedByHeaders(call.head, call.User());
  PayloadSource source(call.transfer.body(), PlanOf(call));
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: at most 5 GB in one PUT.
  if (!source.size()) throw S3Error(ErrorCode::kMissingContentLength);
  if (*source.size() > kMaxPutBytes) throw S3Error(ErrorCode::kEntityTooLarge);

  Store::ReplaceRequest request;
  request.condition = WriteCondition(call, conditions, call.request.key);
  request.describe = [&](format::ObjectMetadata& metadata) {
    metadata.MergeFrom(described);
    if (source.checksum()) AddChecksum(*source.checksum(), metadata);
  };
  request.sidecar = SidecarOf;
  request.before_read = [&call] { call.transfer.AcceptBody(); };
  const Store::PutResult result = call.service.store.Replace(call.StoreKey(), source, request);
  ThrowUnlessDone(result.outcome, call);

  http::Response response;
  response.Header("ETag", QuoteETag(ETagOf(*result.object)));
  if (source.checksum()) {
    response.Header(HeaderName(source.checksum()->algorithm), Base64(source.checksum()->value));
    response.Header("x-amz-checksum-type", "FULL_OBJECT");
  }
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
