// The XML bodies of requests as values: what is in them has been checked as far as that needs no
// look at the store.
//
// All throw S3Error: MalformedXML for what is not that document, and what is named at each.
// Elements that S3 has, or may come to have, beside these are passed over, but for checksums: what
// a client wants to be compared is compared or refused. Pure functions;
// thread-safe.
#ifndef S3API_PROTOCOL_REQUEST_BODY_H_
#define S3API_PROTOCOL_REQUEST_BODY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "s3api/checksum/algorithm.h"
#include "s3api/protocol/tagging.h"

namespace mkv::s3 {

// The longest body that is read for each, named so that callers can refuse before they read.
inline constexpr std::size_t kMaxSmallBody = 64 << 10;    // settings of a bucket or an object
inline constexpr std::size_t kMaxDeleteBody = 2 << 20;    // 1000 keys, 1024 bytes each, escaped
inline constexpr std::size_t kMaxCompleteBody = 8 << 20;  // 10,000 parts with checksums

// What the latter two may have of markup (XmlLimits). With all that S3 has for it, and a namespace
// of its own, a key needs 13, a part 17.
inline constexpr std::size_t kMaxDeleteMarkup = 20'000;
inline constexpr std::size_t kMaxCompleteMarkup = 200'000;

inline constexpr std::size_t kMaxDeleteKeys = 1000;
inline constexpr std::size_t kMaxParts = 10'000;

struct CreateBucketConfiguration {
  std::string location_constraint;  // empty: none given
  std::vector<Tag> tags;
};
// An empty body is a configuration with nothing in it. Throws what ParseTags() throws.
CreateBucketConfiguration ParseCreateBucketConfiguration(std::string_view body);

struct DeleteRequest {
  struct Object {
    std::string key;  // not checked (keys.h): each has a result of its own
    std::optional<std::string> version_id;
    // Delete only if the object still is this one.
    std::optional<std::string> etag;  // without quotes
    std::optional<std::int64_t> last_modified_us;
    std::optional<std::uint64_t> size;
  };
  bool quiet = false;
  std::vector<Object> objects;  // 1 to 1000
};
DeleteRequest ParseDelete(std::string_view body);

struct CompletedPart {
  std::uint32_t number = 0;  // 1 to 10000
  std::string etag;          // without quotes
  // Base64, as sent.
  std::vector<std::pair<ChecksumAlgorithm, std::string>> checksums;
};
// At least one part, in ascending order (else InvalidPartOrder). InvalidRequest for a checksum that
// is none of the five.
std::vector<CompletedPart> ParseCompleteMultipartUpload(std::string_view body);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_REQUEST_BODY_H_
