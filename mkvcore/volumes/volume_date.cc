#include "mkvcore/volumes/volume_date.h"

#include <curl/curl.h>

#include "mkvcore/format/http_date.h"

namespace mkv {

std::optional<std::time_t> ParseVolumeDate(const std::string& text) {
  if (const auto time = ParseHttpDate(text)) return time->time_since_epoch().count();
  const std::time_t time = curl_getdate(text.c_str(), nullptr);
  if (time < 0) return std::nullopt;
  return time;
}

}  // namespace mkv
