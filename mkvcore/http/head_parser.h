// Makes a RequestHead of the raw head of a request, or says with which status to refuse it.
//
// Strict where leniency lets two servers read one connection differently (RFC 9112 section 11.2):
// two Content-Lengths, Content-Length beside Transfer-Encoding, and any Transfer-Encoding but
// `chunked` are refused, never repaired. Pure functions; any thread.
#ifndef MKVCORE_HTTP_HEAD_PARSER_H_
#define MKVCORE_HTTP_HEAD_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/request.h"

namespace mkv::http {

struct HeadLimits {
  std::size_t max_header_fields = 128;
  std::uint64_t max_body_bytes = 5ULL << 40;
};

struct HeadError {
  int status;           // 400, 413, 417, 431 or 505
  std::string message;  // for people
};

// `block` is the head as ScanHead() delimits it, from the request line to the empty line. Sets all
// of `head` but id, peer and time. With 413 and 417 `head` is complete all the same. After the
// others nobody knows where the next request begins, and `head` holds what could be read: for the
// answer to be in the protocol of who asks, and for nothing else. Its path is then empty where the
// target is none. A block that is only the beginning of a head is read the same way.
std::optional<HeadError> ParseHead(std::string_view block, const HeadLimits& limits,
                                   RequestHead& head);

// Nothing when a '%' is not followed by two hexadecimal digits. '+' stays '+'.
std::optional<std::string> PercentDecode(std::string_view text);

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_HEAD_PARSER_H_
