#include "mkvcore/index/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "mkvcore/index/index.h"
#include "mkvcore/index/leveldb_index.h"

namespace mkv {
namespace {

std::string LockFile(const std::string& folder) { return folder + "/LOCK"; }

bool SameFile(int descriptor, const std::string& name) {
  struct stat opened = {};
  struct stat named = {};
  return fstat(descriptor, &opened) == 0 && stat(name.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  const std::string name = LockFile(folder);
  while (true) {
    descriptor_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      throw IndexError("can not open " + name + ": " + std::generic_category().message(errno));
    }
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      close(std::exchange(descriptor_, -1));
      if (error == EINTR) continue;
      if (error == EWOULDBLOCK) {
        throw IndexInUse("the index in " + folder + " is in use by " + HolderOfLock(folder));
      }
      throw IndexError("can not lock " + name + ": " + std::generic_category().message(error));
    }
    // A rebuild that has just ended put another folder in the place of the one opened.
    if (SameFile(descriptor_, name)) return;
    close(std::exchange(descriptor_, -1));
  }
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::string HolderOfLock(const std::string& folder) {
  const std::string unknown = "another process";
  struct stat file = {};
  if (stat(LockFile(folder).c_str(), &file) != 0) return unknown;
  // proc_locks(5): `1: FLOCK ADVISORY WRITE <pid> <major>:<minor>:<inode> <start> <end>`.
  char wanted[64];
  std::snprintf(wanted, sizeof wanted, "%02x:%02x:%llu", major(file.st_dev), minor(file.st_dev),
                static_cast<unsigned long long>(file.st_ino));
  // Our own flock comes first when it is LevelDB's lock that another program holds.
  pid_t holder = 0;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream fields(line);
    std::string number, kind, mode, access, place;
    pid_t pid = 0;
    if (!(fields >> number >> kind >> mode >> access >> pid >> place) || place != wanted) continue;
    if (pid <= 0) continue;  // in another container
    holder = pid;
    if (holder != getpid()) break;
  }
  if (holder == 0) return unknown;
  std::string name;
  std::ifstream("/proc/" + std::to_string(holder) + "/comm") >> name;
  return "process " + std::to_string(holder) + (name.empty() ? "" : " (" + name + ")");
}

}  // namespace mkv
