// The headers that belong to an object: which of a request are kept with it, and which an answer
// carries.
//
// Kept and returned as they were sent: the content headers, `x-amz-meta-*` and the redirect
// location. Bytes past ASCII in their values are kept too, and go out as the same bytes. What is
// the default is not kept, so that an object with nothing to say needs no sidecar.
//
// Source: PutObject and GetObject, Amazon S3 API Reference. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_OBJECT_HEADERS_H_
#define S3API_PROTOCOL_OBJECT_HEADERS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/http/request.h"
#include "mkvcore/http/response.h"
#include "s3api/protocol/query.h"

namespace mkv::s3 {

inline constexpr std::string_view kDefaultContentType = "binary/octet-stream";
inline constexpr std::size_t kMaxUserMetadata = 2048;  // bytes of all names and values
inline constexpr std::size_t kMaxRedirectLocation = 2048;

// Replaces `metadata.headers` by what the request gives. Throws S3Error: MetadataTooLarge,
// InvalidStorageClass (a class that S3 does not have; every object here is STANDARD),
// InvalidRedirectLocation.
void StoreObjectHeaders(const http::RequestHead& head, format::ObjectMetadata& metadata);

// Throws NotImplemented for headers that ask for what is not here, where to pass over them would be
// a lie: encryption by the server, object locks, appending.
void RefuseUnsupportedHeaders(const http::RequestHead& head);

// Throws InvalidRequest for a read with the key of an encrypted object, which none here is.
void RefuseKeysOfCustomers(const http::RequestHead& head);

// What a copy takes along: the headers of `source`, but the redirect location, which S3 has a copy
// given anew by its own request. `request` is what StoreObjectHeaders() made of that.
void CopyObjectHeaders(const format::ObjectMetadata& source, const format::ObjectMetadata& request,
                       format::ObjectMetadata& copy);
// Whether a copy onto itself asks for a change beside those by directive: a storage class (which
// one is all the same) or a redirect location.
bool ChangesStorage(const http::RequestHead& head);

// x-amz-metadata-directive, or x-amz-tagging-directive: true for REPLACE. Throws InvalidArgument.
bool IsReplaceDirective(const http::RequestHead& head, const std::string& name);

// `response-content-type` and its like: headers that the client wants to see instead. Throws
// InvalidRequest when there are any and the request is not signed.
std::vector<std::pair<std::string, std::string>> ResponseOverrides(const Query& query,
                                                                   bool is_signed);

// Adds what a GET or HEAD of the object answers, but for length and range: ETag (`etag` is without
// quotes), Last-Modified, Accept-Ranges, Content-Type and all that is kept.
void AddObjectHeaders(const format::ObjectMetadata& metadata, std::string_view etag,
                      const std::vector<std::pair<std::string, std::string>>& overrides,
                      http::Response& response);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_OBJECT_HEADERS_H_
