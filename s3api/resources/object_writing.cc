// PutObject: one value, replaced whole.
#include "s3api/resources/object_writing.h"

#include <utility>

#include "mkvcore/format/sidecar.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

namespace {

format::ObjectMetadata DescribedBy(const CallContext& call) {
  RefuseUnsupportedHeaders(call.head);
  return DescribedByHeaders(call.head, call.User());
}

}  // namespace

ObjectWriting::ObjectWriting(const CallContext& call, Source& body)
    : call_(call),
      conditions_(WriteConditions::Of(call.head)),
      described_(DescribedBy(call)),
      source_(body, PlanOf(call)) {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: at most 5 GB in one PUT.
  if (UploadLength(call.head, source_) > kMaxPutBytes) throw S3Error(ErrorCode::kEntityTooLarge);
}

Store::ReplaceRequest ObjectWriting::Request() {
  Store::ReplaceRequest request;
  request.condition = WriteCondition(call_, conditions_, call_.request.key);
  request.conditional = !conditions_.empty();
  request.describe = [this](format::ObjectMetadata& metadata) {
    metadata.MergeFrom(described_);
    if (source_.checksum()) AddChecksum(*source_.checksum(), metadata);
  };
  request.sidecar = SidecarOf;
  return request;
}

http::Response ObjectWriting::Answer(const Store::PutResult& result) const {
  ThrowUnlessDone(result.outcome, call_);
  http::Response response;
  response.Header("ETag", QuoteETag(ETagOf(*result.object)));
  if (source_.checksum()) {
    response.Header(HeaderName(source_.checksum()->algorithm), Base64(source_.checksum()->value));
    response.Header("x-amz-checksum-type", "FULL_OBJECT");
  }
  return response;
}

void PutObject(Call& call) {
  ObjectWriting writing(call, call.transfer.body());
  Store::ReplaceRequest request = writing.Request();
  request.before_read = [&call] { call.transfer.AcceptBody(); };
  Reply(call,
        writing.Answer(call.service.store.Replace(call.StoreKey(), writing.value(), request)));
}

}  // namespace mkv::s3
