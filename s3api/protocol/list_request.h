// What a client asks of ListObjects, ListObjectsV2 or ListObjectVersions, and the positions in a
// listing that it is given and sends back.
//
// Pure.
#ifndef S3API_PROTOCOL_LIST_REQUEST_H_
#define S3API_PROTOCOL_LIST_REQUEST_H_

#include <optional>
#include <string>
#include <string_view>

#include "s3api/protocol/router.h"

namespace mkv::s3 {

inline constexpr int kMaxListKeys = 1000;

struct ListRequest {
  bool v2 = false;
  bool versions = false;
  std::string bucket;
  std::string prefix;
  std::string delimiter;                          // empty: none
  std::string marker;                             // V1; of versions, the key-marker
  std::string version_id_marker;                  // of versions: `null`, or empty
  std::string start_after;                        // V2
  std::optional<std::string> continuation_token;  // V2, as sent
  std::string after;  // only names greater than this: from the three above
  int max_keys = kMaxListKeys;
  bool url_encoding = false;  // encoding-type=url
  bool fetch_owner = false;   // V1, versions: always
};

// From a request routed to one of the three. Throws InvalidArgument.
ListRequest ParseListRequest(const Request& request);

// An opaque position in a listing, and back. Decoding throws InvalidArgument for what is none.
std::string EncodeContinuationToken(std::string_view name);
std::string DecodeContinuationToken(std::string_view token);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_LIST_REQUEST_H_
