// What LevelDB's MANIFEST says of its logs.
//
// Pure; thread-safe.
#ifndef MKVCORE_INDEX_MANIFEST_H_
#define MKVCORE_INDEX_MANIFEST_H_

#include <cstdint>
#include <string_view>

namespace mkv {

// The number of the log that the last whole edit of the MANIFEST names; 0: there is none yet. Reads
// just that, and checks no checksum: leveldb::DumpFile() lists everything, which takes 50 ms for a
// megabyte.
std::uint64_t LastLogNumber(std::string_view manifest);

}  // namespace mkv

#endif  // MKVCORE_INDEX_MANIFEST_H_
