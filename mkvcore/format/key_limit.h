// How long a key may be: as long as nginx can open the path of its blob.
//
// Pure; thread-safe.
#ifndef MKVCORE_FORMAT_KEY_LIMIT_H_
#define MKVCORE_FORMAT_KEY_LIMIT_H_

#include <cstddef>
#include <string_view>

namespace mkv {

// Of a path below the volume's (sub)folder, the suffix of a generation's sidecar included. The
// system opens no longer path than PATH_MAX, 4096 with the end of the string; the rest, 255 bytes,
// is for the volume's own folder.
inline constexpr std::size_t kMaxBlobPath = 3840;

// The key has no such path. A key of 2,800 bytes has one, unless most of its base64 is slashes,
// each of which may take two bytes; one of 1,024 bytes always does.
bool IsTooLong(std::string_view key);

}  // namespace mkv

#endif  // MKVCORE_FORMAT_KEY_LIMIT_H_
