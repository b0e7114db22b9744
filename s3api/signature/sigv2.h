// AWS Signature Version 2 in the query: what boto3 and aws-cli presign with unless told otherwise.
//
// Source: "Signing and authenticating REST requests (AWS signature version 2)", Amazon S3 User
// Guide. The Authorization header of Version 2 is not accepted anywhere (see authenticator.h).
// Pure functions; thread-safe.
#ifndef S3API_SIGNATURE_SIGV2_H_
#define S3API_SIGNATURE_SIGV2_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "s3api/signature/amz_time.h"
#include "s3api/signature/canonical.h"
#include "s3api/signature/refusal.h"
#include "s3api/signature/request_view.h"
#include "s3api/signature/sigv4.h"

namespace mkv::s3 {

// Presigners put headers that the request must behave as if it had (`x-amz-*`, Content-MD5,
// Content-Type) into the query; they are signed as headers wherever they are.
//
// `resource` is the path to sign: see SigV2Resource().
std::string SigV2StringToSign(const RequestView& request, std::span<const QueryParameter> query,
                              std::string_view resource, std::string_view expires);

// `/bucket/key` as sent (still percent-encoded), whatever the style of the request.
std::string SigV2Resource(const RequestView& request);

// The access key that signed the request, or why it is refused.
std::variant<std::string, Refusal> VerifySigV2Query(const RequestView& request,
                                                    std::span<const QueryParameter> query,
                                                    const SecretLookup& secrets, Time now);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_SIGV2_H_
