// The ways in which signatures write a time. Pure functions; thread-safe; UTC, whole seconds.
#ifndef S3API_SIGNATURE_AMZ_TIME_H_
#define S3API_SIGNATURE_AMZ_TIME_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mkv::s3 {

using Time = std::chrono::sys_seconds;

// `20130524T000000Z`: x-amz-date, and the time in a string to sign.
std::optional<Time> ParseAmzTime(std::string_view text);
std::string FormatAmzTime(Time time);

// The HTTP Date header: `Fri, 24 May 2013 00:00:00 GMT` (RFC 9110 section 5.6.7), or one of the
// zones that RFC 822 mail libraries write for it: `-0000`, `+0000`, `UTC`.
std::optional<Time> ParseHttpDate(std::string_view text);

// `2013-05-24T00:00:00Z`: as the elements of an error document.
std::string FormatIsoTime(Time time);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_AMZ_TIME_H_
