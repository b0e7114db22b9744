// What is in a folder that would be removed, or written over, as an index.
//
// Thread-safe. Throws std::filesystem::filesystem_error.
#ifndef MKVCORE_STORE_INDEX_FILES_H_
#define MKVCORE_STORE_INDEX_FILES_H_

#include <filesystem>

namespace mkv {

// Nothing but what LevelDB and goleveldb put into a folder of theirs.
bool HoldsIndexFilesOnly(const std::filesystem::path& folder);

}  // namespace mkv

#endif  // MKVCORE_STORE_INDEX_FILES_H_
