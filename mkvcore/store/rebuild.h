// Makes the index anew from what lies on the volumes, with the server down.
//
// The volumes are read through nginx's listings, one of the 65,536 folders `xx/yy` at a time, from
// all subvolumes; a folder is merged in memory and written as one batch. What the volumes can not
// tell (HASH, DELETED, metadata) comes from the old index, where that speaks of the same blob, else
// from the sidecar or from reading the value (`rehash`). A sidecar of a greater revision than the
// old index knows outdoes it: the old one may be a backup. What the old index knew to be pending
// (about to be written, or to be deleted) stays pending, and does not come back as a value.
//
// What the old index knew and no volume shows is not in the new one; the old one is then kept.
//
// Nothing on the volumes is changed: foreign files, older generations and replicas of another size
// are counted and left alone.
#ifndef MKVCORE_STORE_REBUILD_H_
#define MKVCORE_STORE_REBUILD_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/format/placement.h"
#include "mkvcore/store/volume_walk.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// Sets what a sidecar's JSON (format/sidecar.h) says in `metadata`, which holds what the listings
// tell: size, generation, mtime. Throws std::exception when the sidecar can not be of that blob.
// Called from several threads.
using SidecarReader = std::function<void(std::string_view json, format::ObjectMetadata& metadata)>;

struct RebuildOptions {
  std::string index_folder;  // -db
  unsigned threads = 16;     // folders `xx` at once
  // Reads every value whose MD5 or CRC32C is not known, and checks those whose MD5 is.
  bool rehash = false;
  SidecarReader read_sidecar;           // empty: sidecars are only noted to be there
  std::size_t sidecar_bytes = 1 << 20;  // a longer one is not understood
  WalkOptions walk;
};

struct RebuildSummary {
  std::uint64_t folders_done = 0;  // of kFolders
  std::uint64_t keys = 0;
  std::uint64_t files = 0;     // blobs on volumes, replicas counted one by one
  std::uint64_t unlinked = 0;  // keys that stay unlinked
  // Keys of which the old index had no record of this blob (or could not be asked). If they were
  // unlinked or deleted, that is forgotten: they are live.
  std::uint64_t unknown_before = 0;
  std::uint64_t under_replicated = 0;  // keys on fewer volumes than there should be replicas
  std::uint64_t disagreeing = 0;       // replicas left out, for their size is not the others'
  std::uint64_t superseded = 0;        // blobs that another generation of their key outdoes
  std::uint64_t pending = 0;           // files left to the garbage collector
  std::uint64_t foreign = 0;           // files and folders that are no blob of ours
  std::uint64_t stray_sidecars = 0;    // sidecars without a blob
  std::uint64_t rehashed = 0;          // values read
  // What sidecars knew better than the old index: keys whose tags, ACL or headers changed since.
  std::uint64_t newer_sidecars = 0;
  // Problems: something is wrong with the store, though the index is what it can be.
  std::uint64_t unreadable = 0;        // values or sidecars that no replica delivered
  std::uint64_t damaged = 0;           // values that are not what the old index says, or, where
                                       // it says nothing, replicas that are not as most are
  std::uint64_t old_entries_lost = 0;  // entries of the old index that could not be read
  std::uint64_t absent = 0;            // keys of the old index that are on no volume
  std::uint64_t unlisted = 0;          // keys of the old index on volumes that are not in the list

  bool old_index_read = false;
  std::string old_index_kept;  // where the old index is now, if it was not removed
  // The first of each kind, with its place, for people.
  std::vector<std::string> examples;

  static constexpr std::uint64_t kFolders = 65'536;
  // The new index may lack what the old one had.
  bool lacks() const { return old_entries_lost > 0 || absent > 0 || unlisted > 0; }
  bool ok() const { return unreadable == 0 && damaged == 0 && !lacks(); }
};

// Returns when the new index is in place. Throws, and leaves the old index as it was: IndexInUse,
// IndexError, WalkError (a volume can not be read), Interrupted (`stop` was set).
//
// `progress` is called a few times a second on the calling thread; it may be empty. The references
// are used until the end, from several threads.
RebuildSummary Rebuild(VolumeClient& volumes, const Placement& placement,
                       const RebuildOptions& options,
                       const std::function<void(const RebuildSummary&)>& progress,
                       const std::atomic<bool>& stop);

// A few lines for people, each ended.
std::string Describe(const RebuildSummary& summary);

}  // namespace mkv

#endif  // MKVCORE_STORE_REBUILD_H_
