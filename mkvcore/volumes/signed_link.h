// Links by which a client may read one file from a volume that has a key, until they expire.
//
// Source: nginx's ngx_http_secure_link_module; the volume's configuration
// (volume/nginx.conf.template) says what is signed: expiry, decoded and normalised path, key.
// Pure functions; thread-safe.
#ifndef MKVCORE_VOLUMES_SIGNED_LINK_H_
#define MKVCORE_VOLUMES_SIGNED_LINK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// `?md5=...&expires=...`, to be appended to the URL of `blob`; `expires` in seconds since the
// epoch.
std::string LinkSignature(const BlobLocation& blob, std::int64_t expires, std::string_view key);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_SIGNED_LINK_H_
