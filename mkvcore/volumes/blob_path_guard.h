// Guards the requests that change a volume: only what can be the path of a blob is ever sent.
//
// nginx's DELETE of a name that ends in '/' removes the folder with all it holds (dav_methods,
// ngx_http_dav_delete_handler), and it looks at the path after decoding it and cutting off the
// query:
// `/5d/?x`, `/5d/%2e` and `/5d/x/..` are all that folder.
#ifndef MKVCORE_VOLUMES_BLOB_PATH_GUARD_H_
#define MKVCORE_VOLUMES_BLOB_PATH_GUARD_H_

#include <string_view>

namespace mkv {

// Base64 and what BlobPath() adds to it: bytes that mean themselves in a URL.
bool IsBlobPathByte(char c);

// Throws std::invalid_argument unless `path` begins with '/', does not end with one, holds only
// blob path bytes, and no segment of it is `.` or `..`.
void RequireBlobPath(std::string_view path);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_BLOB_PATH_GUARD_H_
