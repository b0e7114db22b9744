// The form in which HTTP writes a time: `Fri, 24 May 2013 00:00:00 GMT` (IMF-fixdate, RFC 9110
// section 5.6.7). Pure; thread-safe.
#ifndef MKVCORE_FORMAT_HTTP_DATE_H_
#define MKVCORE_FORMAT_HTTP_DATE_H_

#include <chrono>
#include <optional>
#include <string_view>

namespace mkv {

// nullopt for any other form. The day of the week is not compared with the date.
std::optional<std::chrono::sys_seconds> ParseHttpDate(std::string_view text);

}  // namespace mkv

#endif  // MKVCORE_FORMAT_HTTP_DATE_H_
