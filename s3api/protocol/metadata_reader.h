// What the index knows of the keys of a listing: their metadata, read while another part of the
// page is still to come.
//
// Half of what a page costs is metadata, so where many keys follow each other a second thread reads
// them too: both take the next few keys that nobody has taken yet. It is never waited for but while
// it is at some: if it comes late, on a busy machine, it finds nothing left to do.
//
// One thread uses this. What the second one throws is thrown by Finish().
#ifndef S3API_PROTOCOL_METADATA_READER_H_
#define S3API_PROTOCOL_METADATA_READER_H_

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "mkvcore/index/index.h"
#include "s3api/protocol/list_entry.h"
#include "s3api/protocol/text_arena.h"

namespace mkv::s3 {

// Runs `work` on another thread, or returns false and leaves it, when none is free.
using TryRun = std::function<bool(std::function<void()>& work)>;

class MetadataReader {
 public:
  // For `limit` keys at most. What is passed outlives it.
  MetadataReader(const Index& index, std::size_t limit, bool with_owner, const TryRun& try_run);
  // Waits for the second thread, if that is at some keys.
  ~MetadataReader();
  MetadataReader(const MetadataReader&) = delete;
  MetadataReader& operator=(const MetadataReader&) = delete;

  // All but the key of `entry` will be filled in: from the metadata of `store_key`, if that is of
  // this record, else as one that needs a HEAD. Keys come in ascending order; all three stay where
  // they are until Finish() has returned.
  void Add(std::string_view store_key, std::string_view record, ListEntry& entry);

  // Reads what is left. Returns what the entries' views are into. Throws IndexError.
  std::array<TextArena, 2> Finish();

 private:
  class Shared;

  const TryRun& try_run_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_METADATA_READER_H_
