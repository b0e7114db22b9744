// The policy of a POST form: what the one who signed it allows the one who fills it in.
//
// Source: "POST Policy", Amazon S3 API Reference. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_FORM_POLICY_H_
#define S3API_PROTOCOL_FORM_POLICY_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mkv::s3 {

// The fields of a form by name, in lower case.
using FormFields = std::map<std::string, std::string, std::less<>>;

// The bytes that the file may have.
struct ContentLengthRange {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};

// Holds `fields`, with `bucket` among them and `${filename}` expanded, against the policy in
// base64. Each must be in a condition, but for those of the signature, `policy`, `file` and
// `x-ignore-*`. `now_us`: microseconds since the epoch.
//
// Throws S3Error: AccessDenied ("Invalid according to Policy: ...") when it has expired, does not
// hold or never can (a variable without `$`), InvalidPolicyDocument for what is no policy.
ContentLengthRange CheckFormPolicy(std::string_view policy, const FormFields& fields,
                                   std::int64_t now_us);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_FORM_POLICY_H_
