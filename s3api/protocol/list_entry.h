// A key of a listing.
//
// Pure.
#ifndef S3API_PROTOCOL_LIST_ENTRY_H_
#define S3API_PROTOCOL_LIST_ENTRY_H_

#include <cstdint>
#include <string_view>

#include "index_entries.pb.h"
#include "s3api/protocol/text_arena.h"

namespace mkv::s3 {

// The views are into an arena.
struct ListEntry {
  std::string_view key;
  std::uint64_t size = 0;
  std::int64_t mtime_us = 0;
  std::string_view etag;  // without quotes
  // The index knows nothing but the record (the original wrote it): size, time and, unless `etag`
  // is set, the entity tag are for the caller to fill in, from a HEAD of a volume.
  bool needs_head = false;
  std::string_view checksum_algorithm = {};  // empty: none is known
  bool composite_checksum = false;
  std::string_view owner = {};  // where the listing tells of it; empty: the bucket's
};

// All but the key. `hash`: the HASH of the record, empty if there is none.
void FillIn(const format::ObjectMetadata& metadata, std::string_view hash, bool with_owner,
            TextArena& texts, ListEntry& entry);

// The HASH of a record that is not unlinked; empty if there is none.
std::string_view HashOf(std::string_view record);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_LIST_ENTRY_H_
