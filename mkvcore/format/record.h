// The index record of a key, byte for byte as the original writes it: optional `DELETED`, then
// optional `HASH` and the 32 hex digits of the value's MD5, then the volumes joined by `,`.
//
// A value type; its functions are pure.
#ifndef MKVCORE_FORMAT_RECORD_H_
#define MKVCORE_FORMAT_RECORD_H_

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mkv {

// Whether a list of volumes, such as a record's, has this one.
inline bool Contains(const std::vector<std::string>& volumes, std::string_view volume) {
  return std::find(volumes.begin(), volumes.end(), volume) != volumes.end();
}

struct Record {
  bool unlinked = false;             // DELETED
  std::string hash;                  // 32 lower-case hex digits, or empty
  std::vector<std::string> volumes;  // as placed, best first

  std::string Encode() const;
  // nullopt when the bytes are no record: no volume at all, a hash that is not 32 lower-case hex
  // digits, or a volume with bytes that no host name or path can hold.
  static std::optional<Record> Decode(std::string_view bytes);

  bool operator==(const Record&) const = default;
};

}  // namespace mkv

#endif  // MKVCORE_FORMAT_RECORD_H_
