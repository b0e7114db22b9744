#include "mkvcore/store/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "mkvcore/index/index.h"

namespace mkv {

void SyncFolder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int error = descriptor >= 0 && fsync(descriptor) == 0 ? 0 : errno;
  if (descriptor >= 0) close(descriptor);
  if (error != 0) {
    throw IndexError("can not sync " + folder.string() + ": " +
                     std::generic_category().message(error));
  }
}

}  // namespace mkv
