#include "s3api/protocol/router.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "s3api/protocol/error.h"
#include "s3api/protocol/host.h"
#include "s3api/protocol/keys.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

using enum Operation;

constexpr std::string_view kCopySourceHeader = "x-amz-copy-source";

struct Place {
  Level level = Level::kService;
  std::string bucket;
  std::string key;
};

Place PlaceOf(std::string_view path, std::string virtual_bucket) {
  path.remove_prefix(1);
  if (!virtual_bucket.empty()) {
    return {path.empty() ? Level::kBucket : Level::kObject, std::move(virtual_bucket),
            std::string(path)};
  }
  if (path.empty()) return {};
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash + 1 == path.size()) {
    return {Level::kBucket, std::string(path.substr(0, slash)), {}};
  }
  return {Level::kObject, std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

// The one sub-resource in the query; empty when there is none.
std::string_view SubResourceOf(const Query& query) {
  std::string_view found;
  for (const QueryParameter& parameter : query.parameters()) {
    if (!IsSubResource(parameter.name) || parameter.name == found) continue;
    if (!found.empty()) {
      throw InvalidArgumentError(
          "Conflicting query string parameters: " + std::string(found) + ", " + parameter.name,
          "ResourceType", found);
    }
    found = parameter.name;
  }
  return found;
}

// A parameter that needs no value to mean something, but for those that are empty when a client has
// nothing to say.
bool SelectsSomething(const QueryParameter& parameter) {
  constexpr std::array<std::string_view, 6> kOthers = {"AWSAccessKeyId", "Expires",   "Signature",
                                                       "partNumber",     "versionId", "x-id"};
  return parameter.value.empty() && !IsSubResource(parameter.name) &&
         !StartsWithIgnoringCase(parameter.name, "x-amz-") &&
         !parameter.name.starts_with("response-") &&
         std::find(kOthers.begin(), kOthers.end(), parameter.name) == kOthers.end();
}

// What S3 comes to have, and what other servers have, is asked for by sub-resources that are not
// known here: a PUT that appends must not replace, nor a DELETE of an annotation delete its object.
void RefuseUnknownSubResources(const http::RequestHead& head, const Query& query) {
  if (head.method != "PUT" && head.method != "POST" && head.method != "DELETE") return;
  for (const QueryParameter& parameter : query.parameters()) {
    if (!SelectsSomething(parameter)) continue;
    throw S3Error(ErrorCode::kNotImplemented,
                  "The ?" + parameter.name + " sub-resource is not implemented.");
  }
}

[[noreturn]] void ThrowMethodNotAllowed(const std::string& method, Level level,
                                        std::string_view sub_resource) {
  std::vector<std::string_view> allowed;
  for (const OperationInfo& info : AllOperations()) {
    if (info.level == level && info.sub_resource == sub_resource &&
        std::find(allowed.begin(), allowed.end(), info.method) == allowed.end()) {
      allowed.push_back(info.method);
    }
  }
  std::sort(allowed.begin(), allowed.end());
  std::string allow;
  for (const std::string_view name : allowed) {
    if (!allow.empty()) allow += ", ";
    allow += name;
  }
  constexpr std::array<std::string_view, 3> kTypes = {"SERVICE", "BUCKET", "OBJECT"};
  std::string type = sub_resource.empty() ? std::string(kTypes[static_cast<std::size_t>(level)])
                                          : std::string(sub_resource);
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  throw S3Error(ErrorCode::kMethodNotAllowed)
      .With("Method", method)
      .With("ResourceType", type)
      .Header("Allow", allow);
}

[[noreturn]] void ThrowNoSuchSubResource(Level level, std::string_view sub_resource) {
  std::string message =
      "There is no such thing as the ?" + std::string(sub_resource) + " sub-resource for a ";
  message += level == Level::kObject ? "key" : level == Level::kBucket ? "bucket" : "service";
  throw S3Error(ErrorCode::kInvalidRequest, message);
}

// Without a sub-resource, what the table can not tell apart.
Operation RoutePlain(const http::RequestHead& head, const Place& place, const Query& query) {
  switch (place.level) {
    case Level::kService:
      if (head.method == "GET") return kListBuckets;
      break;
    case Level::kBucket:
      if (head.method == "GET") {
        return query.Text("list-type") == "2" ? kListObjectsV2 : kListObjects;
      }
      if (head.method == "HEAD") return kHeadBucket;
      if (head.method == "PUT") return kCreateBucket;
      if (head.method == "DELETE") return kDeleteBucket;
      if (head.method == "POST") {
        // A name with capitals can be no bucket of S3.
        if (place.bucket == "WriteGetObjectResponse") return kWriteGetObjectResponse;
        if (StartsWithIgnoringCase(Trim(head.headers.get("Content-Type", "")),
                                   "multipart/form-data")) {
          return kPostObject;
        }
        throw S3Error(ErrorCode::kPreconditionFailed)
            .With("Condition", "Bucket POST must be of the enclosure-type multipart/form-data");
      }
      break;
    case Level::kObject:
      if (head.method == "GET") return kGetObject;
      if (head.method == "HEAD") return kHeadObject;
      if (head.method == "DELETE") return kDeleteObject;
      if (head.method == "PUT") {
        if (query.Has("partNumber")) {
          throw InvalidArgumentError("This operation does not accept partNumber without uploadId",
                                     "partNumber", query.Text("partNumber"));
        }
        return head.headers.has(std::string(kCopySourceHeader)) ? kCopyObject : kPutObject;
      }
      break;
  }
  ThrowMethodNotAllowed(head.method, place.level, "");
}

Operation RouteSubResource(const http::RequestHead& head, Level level, std::string_view name,
                           const Query& query) {
  if (name == "uploadId" && level == Level::kObject && head.method == "PUT") {
    if (!query.Has("partNumber")) {
      throw InvalidArgumentError("This operation does not accept uploadId without partNumber",
                                 "uploadId", query.Text("uploadId"));
    }
    return head.headers.has(std::string(kCopySourceHeader)) ? kUploadPartCopy : kUploadPart;
  }
  bool at_level = false;
  const OperationInfo* found = nullptr;
  for (const OperationInfo& info : AllOperations()) {
    if (info.level != level || info.sub_resource != name) continue;
    at_level = true;
    if (info.method != head.method) continue;
    if (!info.qualifier.empty() && query.Has(info.qualifier)) return info.operation;
    if (found == nullptr || info.qualifier.empty()) found = &info;
  }
  if (found != nullptr) return found->operation;
  if (at_level) ThrowMethodNotAllowed(head.method, level, name);
  ThrowNoSuchSubResource(level, name);
}

void CheckBucket(const Place& place, Operation operation) {
  if (place.level == Level::kService || operation == kWriteGetObjectResponse) return;
  const bool valid =
      operation == kCreateBucket ? IsBucketName(place.bucket) : IsReadableBucketName(place.bucket);
  if (!valid) throw S3Error(ErrorCode::kInvalidBucketName).With("BucketName", place.bucket);
}

}  // namespace

Request Route(const http::RequestHead& head, Query query, std::string_view domain) {
  std::string virtual_bucket = VirtualBucket(head.headers.get("Host", ""), domain);
  const bool virtual_host = !virtual_bucket.empty();
  Place place = PlaceOf(head.path, std::move(virtual_bucket));
  Request request{kPreflight, {}, {}, std::move(query), virtual_host};
  if (head.method != "OPTIONS") {
    RefuseUnknownSubResources(head, request.query);
    const std::string_view sub_resource = SubResourceOf(request.query);
    request.operation = sub_resource.empty()
                            ? RoutePlain(head, place, request.query)
                            : RouteSubResource(head, place.level, sub_resource, request.query);
    if (request.operation != kCopyObject && request.operation != kUploadPartCopy &&
        head.headers.has(std::string(kCopySourceHeader))) {
      throw InvalidArgumentError("You can only specify a copy source header for copy requests.",
                                 kCopySourceHeader,
                                 head.headers.get(std::string(kCopySourceHeader)));
    }
  }
  CheckBucket(place, request.operation);
  if (place.level == Level::kObject) CheckKey(place.key);
  request.bucket = std::move(place.bucket);
  request.key = std::move(place.key);
  return request;
}

CopySource ParseCopySource(std::string_view header) {
  std::string_view path = Trim(header);
  CopySource source;
  // A '?' of the key itself comes percent-encoded.
  if (const std::size_t mark = path.find('?'); mark != std::string_view::npos) {
    const std::vector<QueryParameter> query = DecodeQuery(path.substr(mark + 1));
    if (const auto version = Find(query, "versionId")) source.version_id = *version;
    path = path.substr(0, mark);
  }
  const std::string decoded = PercentDecode(path, Plus::kSpace);
  std::string_view rest = decoded;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) {
    throw InvalidArgumentError(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        kCopySourceHeader, header);
  }
  source.bucket = rest.substr(0, slash);
  source.key = rest.substr(slash + 1);
  if (!IsReadableBucketName(source.bucket)) {
    throw S3Error(ErrorCode::kInvalidBucketName).With("BucketName", source.bucket);
  }
  CheckKey(source.key);
  return source;
}

std::string ResourceOf(const http::RequestHead& head, std::string_view domain) {
  const std::string bucket = VirtualBucket(head.headers.get("Host", ""), domain);
  const std::string path =
      head.path.empty() ? head.target.substr(0, head.target.find('?')) : head.path;
  return bucket.empty() ? path : "/" + bucket + path;
}

std::string BucketOfResource(std::string_view resource) { return PlaceOf(resource, {}).bucket; }

}  // namespace mkv::s3
