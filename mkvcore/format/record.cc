#include "mkvcore/format/record.h"

#include <algorithm>

namespace mkv {
namespace {

constexpr std::string_view kDeleted = "DELETED";
constexpr std::string_view kHash = "HASH";
constexpr std::size_t kHashDigits = 32;

bool IsHash(std::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsVolume(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool Take(std::string_view prefix, std::string_view* bytes) {
  if (!bytes->starts_with(prefix)) return false;
  bytes->remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string Record::Encode() const {
  std::size_t size = kDeleted.size() + kHash.size() + hash.size();
  for (const std::string& volume : volumes) size += volume.size() + 1;
  std::string bytes;
  bytes.reserve(size);
  if (unlinked) bytes.append(kDeleted);
  if (!hash.empty()) bytes.append(kHash).append(hash);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (i > 0) bytes.push_back(',');
    bytes.append(volumes[i]);
  }
  return bytes;
}

std::optional<Record> Record::Decode(std::string_view bytes) {
  Record record;
  record.unlinked = Take(kDeleted, &bytes);
  if (Take(kHash, &bytes)) {
    if (!IsHash(bytes.substr(0, kHashDigits))) return std::nullopt;
    record.hash = bytes.substr(0, kHashDigits);
    bytes.remove_prefix(kHashDigits);
  }
  while (true) {
    const std::size_t comma = bytes.find(',');
    const std::string_view volume = bytes.substr(0, comma);
    if (!IsVolume(volume)) return std::nullopt;
    record.volumes.emplace_back(volume);
    if (comma == std::string_view::npos) return record;
    bytes.remove_prefix(comma + 1);
  }
}

}  // namespace mkv
