#include "mkvcore/store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>  // renameat2
#include <system_error>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/folder_lock.h"
#include "mkvcore/store/index_files.h"
#include "mkvcore/store/sync_folder.h"
#include "mkvcore/store/volume_walk.h"

namespace mkv {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchBytes = 1 << 20;
constexpr std::size_t kCacheBytes = 8 << 20;  // nothing is read

}  // namespace

std::uint64_t CopyIndex(
    const Index& index, const std::atomic<bool>& stop,
    const std::function<void(std::string_view key, std::string_view value)>& entry) {
  std::uint64_t entries = 0;
  const std::unique_ptr<Index::Iterator> all = index.NewIterator();
  for (all->Seek(""); all->Valid(); all->Next()) {
    if (stop) throw Interrupted();
    if (all->key().starts_with(kPendingPrefix) || all->key().starts_with(kGarbagePrefix)) continue;
    entry(all->key(), all->value());
    ++entries;
  }
  return entries;
}

BackupWriter::BackupWriter(const std::string& folder) {
  folder_ = fs::absolute(folder).lexically_normal();
  if (!folder_.has_filename()) folder_ = folder_.parent_path();  // DIR/
  partial_ = folder_.string() + ".partial";
  if (fs::exists(fs::symlink_status(folder_))) {
    throw IndexError(folder_.string() + " exists: a backup never overwrites anything");
  }
  std::error_code error;
  fs::create_directories(folder_.parent_path(), error);
  if (error) {
    throw IndexError("can not make " + folder_.parent_path().string() + ": " + error.message());
  }
  if (fs::exists(partial_)) {
    if (!fs::is_directory(partial_) || !HoldsIndexFilesOnly(partial_)) {
      throw IndexError(partial_.string() + " is in the way, and holds more than an index: move it");
    }
    // Nobody else is writing it: whoever does has it locked.
    { const FolderLock lock(partial_.string()); }
    fs::remove_all(partial_, error);
    if (error) throw IndexError("can not remove " + partial_.string() + ": " + error.message());
  }
  LevelDbOptions options;
  options.cache_bytes = kCacheBytes;
  copy_ = LevelDbIndex::Open(partial_.string(), options);
}

BackupWriter::~BackupWriter() {
  if (copy_ == nullptr) return;
  copy_.reset();
  std::error_code ignored;  // the next one meets whatever stays
  fs::remove_all(partial_, ignored);
}

void BackupWriter::Add(std::string_view key, std::string_view value) {
  batch_.Put(key, value);
  batch_bytes_ += key.size() + value.size();
  if (batch_bytes_ >= kBatchBytes) WriteBatch();
}

void BackupWriter::WriteBatch() {
  (void)copy_->Write(batch_, Index::Durability::kOrdered);  // it requires nothing
  batch_ = {};
  batch_bytes_ = 0;
}

void BackupWriter::Finish() {
  if (!batch_.empty()) WriteBatch();
  copy_->Sync();
  copy_.reset();  // LevelDB opens its files by name whenever it likes
  SyncFolder(partial_);
  if (renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, folder_.c_str(), RENAME_NOREPLACE) != 0) {
    // Not every file system knows the flag.
    const bool unsupported = errno == EINVAL || errno == ENOSYS;
    if (!unsupported || fs::exists(fs::symlink_status(folder_)) ||
        rename(partial_.c_str(), folder_.c_str()) != 0) {
      throw IndexError("can not rename " + partial_.string() + " to " + folder_.string() + ": " +
                       std::generic_category().message(errno));
    }
  }
  SyncFolder(folder_.parent_path());
}

}  // namespace mkv
