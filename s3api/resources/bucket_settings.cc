// What can be set on a bucket: ACL, tags, CORS rules.
#include "s3api/protocol/acl.h"
#include "s3api/protocol/cors.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/request_body.h"
#include "s3api/protocol/tagging.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"

namespace mkv::s3 {

namespace {

void Change(Call& call, int status, const std::function<void(Bucket&)>& change) {
  call.service.buckets.Change(call.request.bucket, call.User(), change);
  http::Response response;
  response.status = status;
  Reply(call, std::move(response));
}

}  // namespace

void GetBucketAcl(Call& call) {
  const std::string& owner = call.bucket->owner;
  ReplyXml(call, AccessControlPolicyDocument(call.bucket->acl, {owner, owner}));
}

void PutBucketAcl(Call& call) {
  const Acl acl = AclOfRequest(call, call.bucket->owner);
  Change(call, 200, [acl](Bucket& bucket) { bucket.acl = acl; });
}

void GetBucketTagging(Call& call) {
  if (call.bucket->tags().empty()) {
    throw S3Error(ErrorCode::kNoSuchTagSet).With("BucketName", call.request.bucket);
  }
  ReplyXml(call, TaggingDocument(call.bucket->tags()));
}

void PutBucketTagging(Call& call) {
  const std::vector<Tag> tags = ParseTagging(ReadBody(call, kMaxSmallBody), kMaxBucketTags);
  Change(call, 204, [&tags](Bucket& bucket) { bucket.SetTags(tags); });
}

void DeleteBucketTagging(Call& call) {
  Change(call, 204, [](Bucket& bucket) { bucket.SetTags({}); });
}

void GetBucketCors(Call& call) {
  if (call.bucket->cors().empty()) {
    throw S3Error(ErrorCode::kNoSuchCorsConfiguration).With("BucketName", call.request.bucket);
  }
  ReplyXml(call, CorsDocument(call.bucket->cors()));
}

void PutBucketCors(Call& call) {
  const std::vector<CorsRule> rules = ParseCorsConfiguration(ReadBody(call, kMaxSmallBody));
  Change(call, 200, [&rules](Bucket& bucket) { bucket.SetCors(rules); });
}

void DeleteBucketCors(Call& call) {
  Change(call, 204, [](Bucket& bucket) { bucket.SetCors({}); });
}

void Preflight(Call& call) {
  static const std::vector<CorsRule> kNone;
  http::Response response;
  response.headers = AnswerPreflight(call.bucket ? call.bucket->cors() : kNone, call.head);
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
