// The signature of a browser's POST form, which covers its policy document and nothing else. What
// the policy says (expiration, conditions) is for the reader of the form.
//
// Source: "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)",
// Amazon S3 API Reference; for Version 2 "Browser-based uploads using POST", Amazon S3 User Guide.
// Thread-safe.
#ifndef S3API_SIGNATURE_POST_POLICY_H_
#define S3API_SIGNATURE_POST_POLICY_H_

#include <span>
#include <string>
#include <variant>

#include "s3api/signature/request_view.h"
#include "s3api/signature/sigv4.h"

namespace mkv::s3 {

// `fields` are those of the form; their names compare without regard to case. Version 4 is told
// from Version 2 by the field x-amz-algorithm. Returns the access key.
std::variant<std::string, Refusal> VerifyPostPolicy(std::span<const HeaderField> fields,
                                                    SigV4Verifier& verifier,
                                                    const SecretLookup& secrets);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_POST_POLICY_H_
