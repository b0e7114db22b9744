// A key as people can read it on one line: in quotes, control characters, quotes and backslashes as
// \xNN.
//
// Pure; thread-safe.
#ifndef MKVCORE_STORE_QUOTED_KEY_H_
#define MKVCORE_STORE_QUOTED_KEY_H_

#include <string>
#include <string_view>

namespace mkv {

inline std::string QuotedKey(std::string_view key) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '"' || c == '\\') {
      quoted += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace mkv

#endif  // MKVCORE_STORE_QUOTED_KEY_H_
