// Tags of an object.
#include "s3api/protocol/error.h"
#include "s3api/protocol/request_body.h"
#include "s3api/protocol/tagging.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_annotation.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

void GetObjectTagging(Call& call) {
  const Object object = RequireObject(call.service.store, call.StoreKey(), call.request.key);
  std::vector<Tag> tags;
  for (const format::Tag& tag : object.known().tags()) tags.push_back({tag.key(), tag.value()});
  ReplyXml(call, TaggingDocument(tags));
}

void PutObjectTagging(Call& call) {
  const std::vector<Tag> tags = ParseTagging(ReadBody(call, kMaxSmallBody), kMaxObjectTags);
  AnnotateObject(call, {},
                 [&tags](format::ObjectMetadata& metadata) { StoreTags(tags, metadata); });
  Reply(call, {});
}

void DeleteObjectTagging(Call& call) {
  AnnotateObject(call, {}, [](format::ObjectMetadata& metadata) { metadata.clear_tags(); });
  http::Response response;
  response.status = 204;
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
