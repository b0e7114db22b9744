#include "s3api/protocol/list_entry.h"

#include <cstddef>
#include <string>

#include "s3api/protocol/etag.h"

namespace mkv::s3 {

void FillIn(const format::ObjectMetadata& metadata, std::string_view hash, bool with_owner,
            TextArena& texts, ListEntry& entry) {
  entry.size = metadata.size();
  entry.mtime_us = metadata.mtime_us();
  entry.etag = texts.Keep(ETagOf(metadata, hash));
  if (metadata.checksums_size() > 0) {
    entry.checksum_algorithm = texts.Keep(metadata.checksums(0).algorithm());
    entry.composite_checksum = metadata.composite_checksum();
  }
  if (with_owner) entry.owner = texts.Keep(metadata.owner());
}

std::string_view HashOf(std::string_view record) {
  constexpr std::string_view kMark = "HASH";
  constexpr std::size_t kDigits = 32;
  if (!record.starts_with(kMark)) return {};
  return record.substr(kMark.size(), kDigits);
}

}  // namespace mkv::s3
