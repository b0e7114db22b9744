// The parts of a request that signatures cover, exactly as they were sent.
//
// A view: what it points into must outlive it. Immutable once made, so threads may share it.
#ifndef S3API_SIGNATURE_REQUEST_VIEW_H_
#define S3API_SIGNATURE_REQUEST_VIEW_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/http/request.h"

namespace mkv::s3 {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

struct RequestView {
  std::string_view method;
  std::string_view path;             // before the '?', still percent-encoded
  std::string_view query;            // after it, still percent-encoded
  std::vector<HeaderField> headers;  // in the order sent, repeated ones too
  // The bucket that the Host header names (virtual-host style), else empty. Only SigV2 asks: there
  // the bucket is signed as part of the path.
  std::string_view virtual_bucket = {};

  // The first value of a header, without regard to case, white space around it trimmed.
  std::optional<std::string_view> Header(std::string_view name) const;
};

RequestView ViewOf(const http::RequestHead& head, std::string_view virtual_bucket = {});
// A view of what is gone at the end of the expression.
RequestView ViewOf(const http::RequestHead& head, std::string&& virtual_bucket) = delete;

// ASCII only, whatever the locale.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix);
std::string LowerCase(std::string_view text);
// Without spaces, tabs and line ends around it.
std::string_view Trim(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_REQUEST_VIEW_H_
