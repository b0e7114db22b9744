// Tags of objects and buckets: the Tagging document, and the x-amz-tagging header.
//
// Source: "Categorizing your objects using tags" and "Using cost allocation S3 bucket tags", Amazon
// S3 User Guide; PutObjectTagging, PutBucketTagging and PutObject, Amazon S3 API Reference.
// Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_TAGGING_H_
#define S3API_PROTOCOL_TAGGING_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "s3api/protocol/xml.h"

namespace mkv::s3 {

inline constexpr std::size_t kMaxObjectTags = 10;
inline constexpr std::size_t kMaxBucketTags = 50;
// Characters (code points), not bytes.
inline constexpr std::size_t kMaxTagKey = 128;
inline constexpr std::size_t kMaxTagValue = 256;

struct Tag {
  std::string key;
  std::string value;

  bool operator==(const Tag&) const = default;
};

// The body of PutObjectTagging or PutBucketTagging. Throws S3Error: MalformedXML; InvalidTag for a
// key given twice, one that S3 reserves (`aws:`), one or a value that is too long or has characters
// other than letters, digits, spaces and `_.:/=+-@`; BadRequest for more than `max_tags`
// (kMaxObjectTags or kMaxBucketTags).
std::vector<Tag> ParseTagging(std::string_view body, std::size_t max_tags);

// The Tag elements below `set`. Throws the same.
std::vector<Tag> ParseTags(const XmlBodyElement& set, std::size_t max_tags);

// x-amz-tagging, `k1=v1&k2=v2`, each URL-encoded. Throws the same, and InvalidArgument for what is
// no such list.
std::vector<Tag> ParseTaggingHeader(std::string_view header);

XmlDocument TaggingDocument(const std::vector<Tag>& tags);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_TAGGING_H_
