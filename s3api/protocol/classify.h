// Which of the two protocols a request speaks. Decided once, on decoded names; it picks the
// authenticator, never whether one runs. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_CLASSIFY_H_
#define S3API_PROTOCOL_CLASSIFY_H_

#include <string_view>

#include "mkvcore/http/request.h"

namespace mkv::s3 {

enum class Protocol { kS3, kNative };

// S3 when the request is signed (SigV4 or SigV2, header or query), carries an `x-amz-*` or
// `amz-sdk-*` header, names a bucket in its Host, has an S3 parameter in
// its query, or is an OPTIONS or a multipart/form-data POST; native otherwise. `?list` and
// `?unlinked`, which are known by the first token of the raw query alone, stay native unless one of
// the first three says S3.
Protocol ProtocolOf(const http::RequestHead& head, std::string_view domain);

// Whether the raw query names `?list` or `?unlinked`.
bool IsNativeOperation(std::string_view query);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_CLASSIFY_H_
