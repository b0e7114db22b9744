#include "mkvcore/store/index_files.h"

#include <algorithm>
#include <string>

namespace mkv {

namespace fs = std::filesystem;

bool HoldsIndexFilesOnly(const fs::path& folder) {
  return std::all_of(fs::directory_iterator(folder), fs::directory_iterator(),
                     [](const fs::directory_entry& entry) {
                       const std::string name = entry.path().filename();
                       const std::string extension = entry.path().extension();
                       return name == "LOCK" || name.starts_with("CURRENT") ||
                              name.starts_with("LOG") || name.starts_with("MANIFEST-") ||
                              extension == ".log" || extension == ".ldb" || extension == ".sst" ||
                              extension == ".dbtmp" || extension == ".tmp";
                     });
}

}  // namespace mkv
