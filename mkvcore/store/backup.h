// A copy of the index in a folder of its own, made while the index is in use.
//
//   BackupWriter copy("/backup/monday");
//   CopyIndex(index, stop, [&copy](std::string_view key, std::string_view value) {
//     copy.Add(key, value);
//   });
//   copy.Finish();
//
// The copy is of one moment. What is pending (about to be written or to be deleted) is left out:
// carried out from an older copy it would delete what was written since.
#ifndef MKVCORE_STORE_BACKUP_H_
#define MKVCORE_STORE_BACKUP_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mkvcore/index/leveldb_index.h"

namespace mkv {

// Hands every entry over, in order; how many. Throws IndexError, Interrupted (volume_walk.h) and
// what `entry` throws.
std::uint64_t CopyIndex(
    const Index& index, const std::atomic<bool>& stop,
    const std::function<void(std::string_view key, std::string_view value)>& entry);

class BackupWriter {
 public:
  // Throws IndexError when there is something at `folder`, or it can not be made. The copy grows in
  // FOLDER.partial; one that an earlier attempt left there is removed.
  explicit BackupWriter(const std::string& folder);
  // Removes what is not finished.
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  void Add(std::string_view key, std::string_view value);
  // Everything is on the disk, in FOLDER, or (IndexError) there is no FOLDER.
  void Finish();

 private:
  void WriteBatch();

  std::filesystem::path folder_;
  std::filesystem::path partial_;
  std::unique_ptr<LevelDbIndex> copy_;
  Batch batch_;
  std::size_t batch_bytes_ = 0;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_BACKUP_H_
