// Keeps other processes out of an index folder: a flock on `FOLDER/LOCK`, as goleveldb takes it,
// held until destruction. (LevelDB itself locks the same file with fcntl, which flock does not see;
// closing any descriptor of a file drops the process's fcntl locks on it, so a FolderLock must
// outlive a LevelDB on the same folder.)
//
// Movable; a moved-from lock holds nothing.
#ifndef MKVCORE_INDEX_FOLDER_LOCK_H_
#define MKVCORE_INDEX_FOLDER_LOCK_H_

#include <string>

namespace mkv {

class FolderLock {
 public:
  // Throws IndexInUse when another open index holds the lock, IndexError when the file can not be
  // created.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;

 private:
  int descriptor_ = -1;
};

// "process 4711 (mkv)", as far as /proc/locks tells who holds a lock on `FOLDER/LOCK`, another
// process rather than this one; else "another process".
std::string HolderOfLock(const std::string& folder);

}  // namespace mkv

#endif  // MKVCORE_INDEX_FOLDER_LOCK_H_
