// Deleting objects, one or up to a thousand.
#include <utility>

#include "s3api/protocol/error.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/request_body.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

void DeleteObject(Call& call) {
  const WriteConditions conditions = WriteConditions::Of(call.head);
  const Outcome outcome = call.service.store.Remove(
      call.StoreKey(), StoreCondition(call.service.store, conditions, call.request.key));
  // What is not there is as good as deleted: 204 as well.
  if (outcome != Outcome::kMissing) ThrowUnlessDone(outcome, call);
  http::Response response;
  response.status = 204;
  Reply(call, std::move(response));
}

namespace {

// One object of a DeleteObjects request. Throws S3Error.
void DeleteOne(Call& call, const DeleteRequest::Object& object) {
  CheckKey(object.key);
  if (object.version_id && *object.version_id != "null") {
    CheckVersionId(*object.version_id);
    throw S3Error(ErrorCode::kNoSuchVersion);
  }
  WriteConditions conditions;
  if (object.etag) conditions.match.emplace(*object.etag);
  conditions.mtime_us = object.last_modified_us;
  conditions.size = object.size;
  const Outcome outcome =
      call.service.store.Remove(StoreKey(call.request.bucket, object.key),
                                StoreCondition(call.service.store, conditions, object.key));
  if (outcome != Outcome::kMissing) ThrowUnlessDone(outcome, call);
}

}  // namespace

void DeleteObjects(Call& call) {
  PayloadPlan plan = PlanOf(call);
  // As S3: a list that came damaged must not delete what was not meant.
  if (!plan.content_md5 && !plan.checksum && !plan.trailer) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
  const DeleteRequest request = ReadParsed(call, ParseDelete, kMaxDeleteBody, std::move(plan));
  XmlDocument document("DeleteResult");
  XmlNode root = document.root();
  for (const DeleteRequest::Object& object : request.objects) {
    try {
      DeleteOne(call, object);
      if (request.quiet) continue;
      XmlNode entry = root.AddElement("Deleted");
      entry.Add("Key", object.key);
      if (object.version_id) entry.Add("VersionId", *object.version_id);
    } catch (const S3Error& error) {
      XmlNode entry = root.AddElement("Error");
      entry.Add("Key", object.key);
      if (object.version_id) entry.Add("VersionId", *object.version_id);
      entry.Add("Code", error.code());
      entry.Add("Message", error.message());
    }
  }
  ReplyXml(call, document);
}

}  // namespace mkv::s3
