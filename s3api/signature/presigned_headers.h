// Presigners put headers into the query of the URL, so that whoever uses it need not know them:
// what is signed there acts as a header of the request.
//
// Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3
// API Reference, and what botocore (Version 2) and the JavaScript SDK make. Pure functions;
// thread-safe.
#ifndef S3API_SIGNATURE_PRESIGNED_HEADERS_H_
#define S3API_SIGNATURE_PRESIGNED_HEADERS_H_

#include <optional>
#include <span>

#include "mkvcore/http/request.h"
#include "s3api/signature/canonical.h"

namespace mkv::s3 {

// The head with the `x-amz-*` parameters of a presigned query as headers (with Version 2
// Content-Type and Content-MD5, too), but for those of the signature itself and for a CRC32 of
// nothing; a header that was sent stays as it is. nullopt when there is nothing to add. To be asked
// for verified requests only. `query` is DecodeQuery(head.query).
std::optional<http::RequestHead> WithPresignedHeaders(const http::RequestHead& head,
                                                      std::span<const QueryParameter> query);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_PRESIGNED_HEADERS_H_
