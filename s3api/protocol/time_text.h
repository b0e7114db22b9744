// How S3 writes times: ISO 8601 in documents, RFC 9110 dates in headers. Times are microseconds
// since the epoch, as in the index. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_TIME_TEXT_H_
#define S3API_PROTOCOL_TIME_TEXT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mkv::s3 {

// `2009-10-12T17:50:30.000Z`: fractions are cut off, as in S3, so that a listing says what HEAD
// says; clients compare the two. In an array, because a listing writes a thousand of them.
using IsoTimeText = std::array<char, 24>;
IsoTimeText WriteIsoTime(std::int64_t time_us);
std::string FormatIsoTimeMillis(std::int64_t time_us);

// `Mon, 12 Oct 2009 17:50:30 GMT` (RFC 9110 section 5.6.7); fractions are cut off.
std::string FormatHttpDate(std::int64_t time_us);

// The three forms of RFC 9110 section 5.6.7 and ISO 8601 (`2009-10-12T17:50:30Z`, with or without a
// fraction), which S3 takes too. Whole seconds, as a count of microseconds; nullopt for anything
// else.
std::optional<std::int64_t> ParseDate(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_TIME_TEXT_H_
