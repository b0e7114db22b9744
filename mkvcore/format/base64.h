// Standard base64 with padding (RFC 4648 section 4). Thread-safe.
#ifndef MKVCORE_FORMAT_BASE64_H_
#define MKVCORE_FORMAT_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace mkv {

std::string Base64Encode(std::string_view bytes);

// nullopt unless `text` is exactly what Base64Encode() makes of some bytes.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace mkv

#endif  // MKVCORE_FORMAT_BASE64_H_
