// The Range header, as S3 reads it: one range of bytes. Source: RFC 9110 section 14; GetObject and
// UploadPartCopy, Amazon S3 API Reference. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_RANGE_H_
#define S3API_PROTOCOL_RANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mkv::s3 {

// Bytes of an object; never empty.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // the last byte itself

  std::uint64_t length() const { return last - first + 1; }
  // `bytes 0-9/100`: the Content-Range of a 206.
  std::string ContentRange(std::uint64_t size) const;
  bool operator==(const ByteRange&) const = default;
};

// What part of an object of `size` bytes a Range header asks for: `bytes=a-b`, `bytes=a-`,
// `bytes=-n`. nullopt: the whole of it with 200, which is also the answer to several ranges at once
// and to what is no range, as in S3. Throws InvalidRange (416, with Content-Range) when no byte
// lies in it, as with every range of an empty object.
std::optional<ByteRange> ParseRange(std::string_view header, std::uint64_t size);

// x-amz-copy-source-range: `bytes=a-b` within the object and nothing else. Throws InvalidArgument
// for another form and, as S3 does, for one that reaches past the end.
ByteRange ParseCopySourceRange(std::string_view header, std::uint64_t size);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_RANGE_H_
