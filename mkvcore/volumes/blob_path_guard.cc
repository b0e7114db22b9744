#include "mkvcore/volumes/blob_path_guard.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace mkv {

bool IsBlobPathByte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("+/=~._-").find(c) != std::string_view::npos;
}

void RequireBlobPath(std::string_view path) {
  bool ok = path.starts_with('/') && !path.ends_with('/') &&
            std::all_of(path.begin(), path.end(), IsBlobPathByte);
  for (std::size_t begin = 0; ok && begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin + 1), path.size());
    const std::string_view segment = path.substr(begin + 1, end - begin - 1);
    ok = segment != "." && segment != "..";
    begin = end;
  }
  if (!ok) throw std::invalid_argument("not the path of a blob: " + std::string(path));
}

}  // namespace mkv
