// An index that is built beside another and takes its place in one step.
//
// The new one grows in FOLDER.rebuild while the old one, in FOLDER, is locked (no server can start)
// and can be read. TakePlace() exchanges the two folders; without it, whatever happens, the old one
// stays as it was, and what an unfinished attempt left is removed by the next.
//
// Where the file system can not exchange two folders at once, FOLDER is missing for an instant, and
// the old index is in FOLDER.exchange. Who is killed then leaves it there: neither a server nor a
// rebuild makes a new one in its place.
//
// The two indexes may be used from any thread, and OpenOld() may run on one of its own; the rest
// belongs to one.
#ifndef MKVCORE_STORE_INDEX_REPLACEMENT_H_
#define MKVCORE_STORE_INDEX_REPLACEMENT_H_

#include <filesystem>
#include <memory>
#include <string>

#include "mkvcore/index/folder_lock.h"
#include "mkvcore/index/leveldb_index.h"

namespace mkv {

// For who is about to make a new index in FOLDER should there be none. Throws IndexError, which
// says what to do, when there is none because of a replacement that came to no end.
void RequireNoUnfinishedReplacement(const std::string& folder);

class IndexReplacement {
 public:
  // Throws IndexInUse, and IndexError for whatever else stands in the way: the parent folder is not
  // writable, FOLDER is a mount point (and can not be exchanged) or no folder, or the index is not
  // there because an earlier one was killed in the middle of the exchange.
  explicit IndexReplacement(const std::string& folder);
  ~IndexReplacement();
  IndexReplacement(const IndexReplacement&) = delete;
  IndexReplacement& operator=(const IndexReplacement&) = delete;

  // Takes its time: LevelDB goes through all of the last log. Throws as the constructor does,
  // should another program have the index open. One that is corrupted or not there is no error.
  void OpenOld();
  // nullptr before that, and when there is none, or none that can be opened.
  const Index* old() const { return old_.get(); }
  // Why not, when there is one; else empty.
  const std::string& why_unreadable() const { return why_unreadable_; }

  Index& replacement() { return *replacement_; }

  // Puts the new index in FOLDER, durably; neither index may be used any more. The old one is
  // removed, unless `keep_old`, or it could not be opened, or its folder holds files that are not
  // an index's: then it is renamed, and its new name returned. Throws IndexError. Killed at any
  // instant, it leaves an old index that is to be kept where no rebuild removes it.
  std::string TakePlace(bool keep_old);

 private:
  // Whether FOLDER.rebuild is what a rebuild left, and nothing that others put there.
  void RemoveLeftovers();
  // For the old index: one that nothing has yet.
  std::filesystem::path NameToKeep() const;

  std::filesystem::path folder_;
  std::filesystem::path building_;
  bool made_folder_ = false;
  bool taken_ = false;
  std::string why_unreadable_;
  std::shared_ptr<const FolderLock> lock_;
  std::unique_ptr<LevelDbIndex> old_;
  std::unique_ptr<LevelDbIndex> replacement_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_INDEX_REPLACEMENT_H_
