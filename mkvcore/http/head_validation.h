// The bytes that may stand in the head of a request (RFC 9112 sections 2 to 5, RFC 9110 section 5).
//
// Every byte of a head is checked here before anything is made of it. Poco's own reader is not used
// for heads: it accepts bare LF, folded lines and whitespace before the colon, which lets two
// servers disagree on where a request ends; it decodes RFC 2047 words in values, which changes what
// S3 clients have signed; and it refuses values above 8 KiB.
//
// Pure functions; any thread.
#ifndef MKVCORE_HTTP_HEAD_VALIDATION_H_
#define MKVCORE_HTTP_HEAD_VALIDATION_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace mkv::http {

// Where a head ends: after the first empty line.
struct HeadScan {
  enum class State {
    kIncomplete,
    kComplete,
    kMalformed,  // a line ends in LF without CR: the end of this head is a matter of opinion
  };
  State state = State::kIncomplete;
  std::size_t length = 0;  // kComplete: of the head, with its empty line
  std::size_t resume = 0;  // kIncomplete: hand this in again when more bytes are there
};

// Looks for the end of the head that begins at `bytes[0]`; everything before `resume` was seen by
// an earlier call and is not looked at again.
HeadScan ScanHead(std::string_view bytes, std::size_t resume);

// A token of RFC 9110 section 5.6.2, such as a method or a field name: at least one character.
bool IsToken(std::string_view text);

// A field value (RFC 9110 section 5.5): visible characters, space, tab, and bytes from 0x80 up; no
// CR, LF, NUL or other control.
bool IsFieldValue(std::string_view text);

// A request target: no control, space or DEL. Bytes from 0x80 up are tolerated, as Go does: clients
// of the native API send UTF-8 unescaped.
bool IsTarget(std::string_view text);

// A Host field (RFC 9110 section 7.2): the characters of uri-host [":" port]; may be empty.
bool IsHost(std::string_view text);

struct FieldLine {
  std::string_view name;
  std::string_view value;  // without the whitespace around it
};

// Takes one field line (without its CRLF) apart. Nothing when it is not valid: no colon, no name,
// whitespace before the colon or before the name (a folded line), a control character.
std::optional<FieldLine> ParseFieldLine(std::string_view line);

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_HEAD_VALIDATION_H_
