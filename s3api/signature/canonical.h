// The canonical form of a request, over which SigV4 signs.
//
// Source: "Signature Calculations for the Authorization Header: Transferring Payload in a Single
// Chunk", task 1, Amazon S3 API Reference. S3 differs from other AWS services: the path is encoded
// once and never normalised, for `a//b` and `a/../b` are keys. Pure functions; thread-safe.
#ifndef S3API_SIGNATURE_CANONICAL_H_
#define S3API_SIGNATURE_CANONICAL_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "s3api/signature/request_view.h"

namespace mkv::s3 {

enum class Slash { kKept, kEncoded };
enum class Plus { kPlus, kSpace };

// Every byte but A-Z a-z 0-9 - _ . ~ as %XX, upper case.
std::string UriEncode(std::string_view bytes, Slash slash);
// A '%' that two hex digits do not follow stands for itself.
std::string PercentDecode(std::string_view text, Plus plus);

// From the path as sent: decoded and encoded again, so that clients which encode more or less than
// AWS asks for still agree with us.
std::string CanonicalUri(std::string_view path);

struct QueryParameter {
  std::string name;
  std::string value;
  bool has_value = true;  // false for `acl` as opposed to `acl=`
};

// As sent, decoded: '+' is a space. Empty pieces (`a=1&&b=2`) are left out.
std::vector<QueryParameter> DecodeQuery(std::string_view query);
// Their names alone.
std::vector<std::string> DecodeQueryNames(std::string_view query);
// The first value of that name, to the case.
std::optional<std::string_view> Find(std::span<const QueryParameter> query, std::string_view name);

// Encoded, sorted by name and then by value; without the parameters named `except`.
std::string CanonicalQuery(std::span<const QueryParameter> query, std::string_view except = {});

// Trimmed; each run of white space inside is one space.
std::string CanonicalHeaderValue(std::string_view value);

// `name:value\n` for each signed header in the order of `signed_headers` (lower case), repeated
// ones joined with a comma; a header that the request lacks has an empty value.
std::string CanonicalHeaders(const RequestView& request,
                             std::span<const std::string> signed_headers);

// `payload_hash` is the value of x-amz-content-sha256, or UNSIGNED-PAYLOAD.
std::string CanonicalRequest(const RequestView& request, std::string_view canonical_query,
                             std::span<const std::string> signed_headers,
                             std::string_view payload_hash);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_CANONICAL_H_
