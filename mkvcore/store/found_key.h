// What the volumes hold of one key, and which of it is the value.
//
// Pure; thread-safe.
#ifndef MKVCORE_STORE_FOUND_KEY_H_
#define MKVCORE_STORE_FOUND_KEY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/placement.h"
#include "mkvcore/store/object.h"

namespace mkv {

// One file: a replica of a blob, or of its sidecar.
struct FoundFile {
  std::string volume;  // as in a record
  Generation generation = kPlain;
  bool original_spelling = false;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  // seconds since the epoch
};

struct FoundKey {
  std::string key;
  std::vector<FoundFile> blobs;
  std::vector<FoundFile> sidecars;
};

// The blob that is the key's value.
struct ChosenBlob {
  Generation generation = kPlain;
  bool original_spelling = false;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;             // of the first replica
  std::vector<std::string> volumes;   // in placement order, then those that placement does not name
  std::vector<std::string> sidecars;  // the volumes that have its sidecar

  // Left out of `volumes`: of another size than the others.
  std::vector<std::string> disagreeing;
  // On as many hosts as there should be replicas.
  bool complete = false;

  std::string Path(const std::string& key) const {
    return original_spelling ? OriginalBlobPath(key) : BlobPath(key, generation);
  }
};

struct Choice {
  std::optional<ChosenBlob> blob;  // nullopt: all that was found is pending
  std::size_t superseded = 0;      // blobs that a greater, or a more complete, generation outdoes
  std::size_t pending = 0;         // files that the index knew as intents or garbage
  std::size_t stray_sidecars = 0;  // of no blob that was found
};

// Chooses by these rules:
// - A file that `pending` names, at that generation on that volume, is no replica of a value.
// Unless
//   the record of `old` names it too: it was written since, by the original, or is being repaired.
// - Replicas of one blob have one size: what `old` says of that path, if one of them has it. Else
//   the most frequent, else (a tie) the greatest, for what is cut short is smaller.
// - The greatest generation that lies on as many volumes as `placement` asks for is the value; if
//   none does, the greatest of all.
// `pending` and `old` are what the old index says of the key.
Choice ChooseBlob(const FoundKey& found, const Placement& placement, const format::Pending& pending,
                  const std::optional<Object>& old);

}  // namespace mkv

#endif  // MKVCORE_STORE_FOUND_KEY_H_
