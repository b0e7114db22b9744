// Buckets as resources: list, create, look at, delete.
#include <utility>

#include "mkvcore/store/generation_clock.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/list_request.h"
#include "s3api/protocol/request_body.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"

namespace mkv::s3 {

namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
constexpr int kMaxBuckets = 10'000;

std::string_view RegionOf(const Call& call) { return call.service.options.told_region(); }

}  // namespace

void ListBuckets(Call& call) {
  const Query& query = call.request.query;
  const int limit =
      query.Number("max-buckets", 1, kMaxBuckets, "max-buckets must be a number from 1 to 10000")
          .value_or(kMaxBuckets);
  const std::string_view token = query.Text("continuation-token");
  const std::string after = token.empty() ? "" : DecodeContinuationToken(token);
  const BucketRegistry::Page page = call.service.buckets.List(
      query.Text("prefix"), after, static_cast<std::size_t>(limit), [&call](const Bucket& bucket) {
        return Allows(*call.principal, bucket.name, Action::kRead, OwnerOf(bucket));
      });

  XmlDocument document("ListAllMyBucketsResult");
  XmlNode root = document.root();
  XmlNode owner = root.AddElement("Owner");
  owner.Add("ID", call.User());
  owner.Add("DisplayName", call.User());
  XmlNode buckets = root.AddElement("Buckets");
  for (const Bucket& bucket : page.buckets) {
    XmlNode entry = buckets.AddElement("Bucket");
    entry.Add("Name", bucket.name);
    entry.Add("CreationDate", FormatIsoTimeMillis(bucket.created_us));
    entry.Add("BucketRegion", RegionOf(call));
  }
  if (!page.next.empty()) root.Add("ContinuationToken", EncodeContinuationToken(page.next));
  if (query.Has("prefix")) root.Add("Prefix", query.Text("prefix"));
  ReplyXml(call, document);
}

void CreateBucket(Call& call) {
  CreateBucketConfiguration configuration =
      ParseCreateBucketConfiguration(ReadBody(call, kMaxSmallBody));
  const std::string& region = call.service.options.region;
  const std::string& location = configuration.location_constraint;
  if (!region.empty() && !location.empty() && location != region) {
    throw S3Error(ErrorCode::kIllegalLocationConstraint,
                  "This server is in " + region + ", not in " + location + ".");
  }
  Bucket bucket;
  bucket.name = call.request.bucket;
  bucket.owner = call.User();
  bucket.created_us = WallClockMicros();
  bucket.acl = AclOfHeaders(call.head, bucket.owner).value_or(Acl::kPrivate);
  if (!configuration.tags.empty()) bucket.SetTags(std::move(configuration.tags));
  // One that exists only because keys lie under its prefix is nobody's: for admins to take.
  if (call.bucket && !call.bucket->created && call.principal->access != Access::kAdmin) {
    throw S3Error(ErrorCode::kBucketAlreadyExists).With("BucketName", bucket.name);
  }
  if (!call.service.buckets.Create(bucket)) {
    const std::optional<Bucket> present = call.service.buckets.Find(bucket.name);
    const bool own = present && present->owner == call.User();
    throw S3Error(own ? ErrorCode::kBucketAlreadyOwnedByYou : ErrorCode::kBucketAlreadyExists)
        .With("BucketName", bucket.name);
  }
  http::Response response;
  response.Header("Location", "/" + bucket.name);
  Reply(call, std::move(response));
}

void HeadBucket(Call& call) {
  http::Response response;
  response.Header(kBucketRegion, RegionOf(call));
  response.Header("x-amz-access-point-alias", "false");
  Reply(call, std::move(response));
}

void DeleteBucket(Call& call) {
  call.service.buckets.Delete(call.request.bucket);
  call.service.multipart.uploads.AbortAllIn(call.request.bucket);
  http::Response response;
  response.status = 204;
  Reply(call, std::move(response));
}

void GetBucketLocation(Call& call) {
  XmlDocument document("LocationConstraint");
  // us-east-1 is told by saying nothing
  // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html).
  if (RegionOf(call) != kDefaultRegion) document.root().SetText(RegionOf(call));
  ReplyXml(call, document);
}

void GetBucketVersioning(Call& call) {
  // A bucket on which versioning was never set has no Status.
  ReplyXml(call, XmlDocument("VersioningConfiguration"));
}

}  // namespace mkv::s3
