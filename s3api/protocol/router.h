// From the head of an HTTP request to one typed S3 request, once: no handler looks at a method, a
// path or the name of a sub-resource again.
//
// A query parameter that is no sub-resource selects nothing (`x-id=PutObject`, `foo=bar`), as in
// S3; one that is can not be mistaken for another operation: where it does not belong, the request
// is refused. One without a value may be a sub-resource that is not known here (`append`), and what
// changes something is refused with it. Whether an operation is served at all is not asked here.
//
// Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_ROUTER_H_
#define S3API_PROTOCOL_ROUTER_H_

#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/request.h"
#include "s3api/protocol/operation.h"
#include "s3api/protocol/query.h"

namespace mkv::s3 {

struct Request {
  Operation operation;
  std::string bucket;  // empty at the level of the service
  std::string key;     // decoded; empty at the level of a bucket
  Query query;
  bool virtual_host = false;
};

// Throws S3Error:
// - MethodNotAllowed (405, with `Allow`): no operation of that method there.
// - NotImplemented: a PUT, POST or DELETE with a parameter that may be an unknown sub-resource.
// - InvalidRequest: a sub-resource of another level (`?versions` of a key).
// - InvalidArgument: two sub-resources at once; uploadId without partNumber in a PUT, or the other
//   way round; a copy source with what is no copy.
// - PreconditionFailed: a POST to a bucket that is no form.
// - InvalidBucketName: what can not be a bucket; for CreateBucket, by S3's rules.
// - InvalidURI, KeyTooLongError: what can not be a key.
// `query` is Query(head.query).
Request Route(const http::RequestHead& head, Query query, std::string_view domain);

// What a copy reads: the x-amz-copy-source header, `/bucket/key` or `bucket/key`, percent-encoded
// as in a form ('+' is a space, as S3 takes it), with `?versionId=` after it or not.
struct CopySource {
  std::string bucket;
  std::string key;
  std::optional<std::string> version_id;
};
// Throws InvalidArgument, or what CheckKey() throws.
CopySource ParseCopySource(std::string_view header);

// The resource as error documents name it: the path in path style, decoded where it can be,
// whatever style it came in. For requests that could not be routed too.
std::string ResourceOf(const http::RequestHead& head, std::string_view domain);
// The bucket in it; empty for none.
std::string BucketOfResource(std::string_view resource);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_ROUTER_H_
