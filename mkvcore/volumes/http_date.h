// The Last-Modified of volumes' answers and the times in their listings. Pure; thread-safe.
#ifndef MKVCORE_VOLUMES_HTTP_DATE_H_
#define MKVCORE_VOLUMES_HTTP_DATE_H_

#include <ctime>
#include <optional>
#include <string>

namespace mkv {

// Seconds since the epoch. The form that servers have to write, `Fri, 24 May 2013 00:00:00 GMT`
// (IMF-fixdate, RFC 9110 section 5.6.7), is read here: there is one for each small value that is
// read, and libcurl takes a microsecond for it. Whatever else curl_getdate(3) understands goes
// there.
std::optional<std::time_t> ParseHttpDate(const std::string& text);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_HTTP_DATE_H_
