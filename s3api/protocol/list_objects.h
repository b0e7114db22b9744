// ListObjects, ListObjectsV2 and ListObjectVersions (nothing is versioned: every object is its one
// version, `null`): one page of a bucket's keys, from the index to the answer.
//
// The model: the keys of the bucket that begin with the prefix, those with the delimiter after the
// prefix rolled up into one common prefix (up to and with the delimiter), all in order of their
// bytes; of these names, the first max-keys that come after the marker. So a marker inside a common
// prefix skips it whole, as in S3.
//
// Cost: two iterators, over records and over metadata, move in step, so that no key is looked up by
// itself; a common prefix costs one Seek, however many keys it stands for.
//
// Unlinked keys, the gateway's own keys and keys that S3 can not name (keys.h) are in no listing.
// Pure but for reading the index; thread-safe. Throws IndexError when that can not be read.
#ifndef S3API_PROTOCOL_LIST_OBJECTS_H_
#define S3API_PROTOCOL_LIST_OBJECTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/index/index.h"
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

struct ListEntry {
  std::string key;
  std::uint64_t size = 0;
  std::int64_t mtime_us = 0;
  std::string etag;  // without quotes
  // The index knows nothing but the record (the original wrote it): size, time and, unless `etag`
  // is set, the entity tag are for the caller to fill in, from a HEAD of a volume.
  bool needs_head = false;
  std::string checksum_algorithm = {};  // empty: none is known
  bool composite_checksum = false;
  std::string owner = {};  // where the listing tells of it; empty: the bucket's
};

struct ListPage {
  std::vector<ListEntry> contents;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string last;  // the last name of the page, of either kind

  std::size_t size() const { return contents.size() + common_prefixes.size(); }
};

ListPage ListObjects(const Index& index, const ListRequest& request);

struct Owner {
  std::string id;
  std::string display_name;
};

// The document of ListBucketResult, or of ListVersionsResult. `owner` is the bucket's.
std::string ListObjectsDocument(const ListRequest& request, const ListPage& page,
                                const Owner& owner);

// An opaque position in a listing, and back. Decoding throws InvalidArgument for what is none.
std::string EncodeContinuationToken(std::string_view name);
std::string DecodeContinuationToken(std::string_view token);

// encoding-type=url as S3 does it: all but letters, digits and `-_.*/` as %XX, a space as `+`.
std::string ListingUrlEncode(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_LIST_OBJECTS_H_
