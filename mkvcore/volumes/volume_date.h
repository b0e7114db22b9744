// The Last-Modified of volumes' answers and the times in their listings. Pure; thread-safe.
#ifndef MKVCORE_VOLUMES_VOLUME_DATE_H_
#define MKVCORE_VOLUMES_VOLUME_DATE_H_

#include <ctime>
#include <optional>
#include <string>

namespace mkv {

// Seconds since the epoch. What nginx writes is read by ParseHttpDate(): there is one for each
// small value that is read, and libcurl takes a microsecond for it. Whatever else curl_getdate(3)
// understands goes there.
std::optional<std::time_t> ParseVolumeDate(const std::string& text);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_DATE_H_
