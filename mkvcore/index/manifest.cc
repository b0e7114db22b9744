#include "mkvcore/index/manifest.h"

#include <cstddef>
#include <optional>
#include <string>

namespace mkv {
namespace {

// A MANIFEST is a log of edits. LevelDB's doc/log_format.md: blocks, in them fragments of records,
// each with a checksum (4 bytes), a length (2, little-endian) and a type.
constexpr std::size_t kBlock = 32 << 10;
constexpr std::size_t kHeader = 7;
enum Fragment : unsigned char { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// Of what an edit says; the tag of each comes before it (db/version_edit.cc).
enum Tag : std::uint64_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kPreviousLogNumber = 9,
};

std::optional<std::uint64_t> TakeVarint(std::string_view* bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> LogNumberOf(std::string_view edit) {
  while (const std::optional<std::uint64_t> tag = TakeVarint(&edit)) {
    if (*tag == kLogNumber) return TakeVarint(&edit);
    // What is said of tables comes last.
    if (*tag != kComparator && *tag != kNextFileNumber && *tag != kLastSequence &&
        *tag != kPreviousLogNumber) {
      break;
    }
    const std::optional<std::uint64_t> value = TakeVarint(&edit);
    if (*tag != kComparator) continue;
    if (!value || *value > edit.size()) break;
    edit.remove_prefix(*value);
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t LastLogNumber(std::string_view manifest) {
  std::uint64_t last = 0;
  std::string edit;
  for (std::size_t at = 0; at < manifest.size(); at += kBlock) {
    std::string_view block = manifest.substr(at, kBlock);
    while (block.size() >= kHeader) {
      const std::size_t length =
          static_cast<unsigned char>(block[4]) | static_cast<unsigned char>(block[5]) << 8U;
      const auto type = static_cast<unsigned char>(block[6]);
      if (type < kFull || type > kLast || length > block.size() - kHeader) break;
      if (type == kFull || type == kFirst) edit.clear();
      edit.append(block.substr(kHeader, length));
      block.remove_prefix(kHeader + length);
      if (type == kFull || type == kLast) last = LogNumberOf(edit).value_or(last);
    }
  }
  return last;
}

}  // namespace mkv
