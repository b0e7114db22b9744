// Makes the names in a folder last: a file that was renamed or made is where it is after a power
// cut only once its folder has been synced (fsync(2)).
#ifndef MKVCORE_STORE_SYNC_FOLDER_H_
#define MKVCORE_STORE_SYNC_FOLDER_H_

#include <filesystem>

namespace mkv {

// Thread-safe. Throws IndexError.
void SyncFolder(const std::filesystem::path& folder);

}  // namespace mkv

#endif  // MKVCORE_STORE_SYNC_FOLDER_H_
