// A disk that loses power: what was not synced is gone afterwards, data and names.
//
//   FragileDisk disk(folder);           // of the index
//   options.env = &disk;
//   ...
//   disk.CutPower();                    // from now on nothing reaches the disk
//   index.reset();
//   disk.LoseUnsynced();
//
// Of a file that was synced up to some byte, these bytes are left. Files made, renamed and removed
// since the folder was last synced are as they were then: file systems with a journal (ext4, XFS,
// Btrfs) keep the order of such changes and lose the newest. Syncs of the folder are seen whoever
// asks for them: this program's fsync and fdatasync are its own. One disk at a time. Thread-safe.
#ifndef TESTS_INDEX_FRAGILE_DISK_H_
#define TESTS_INDEX_FRAGILE_DISK_H_

#include <leveldb/env.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mkv::testing {

class FragileDisk : public leveldb::EnvWrapper {
 public:
  explicit FragileDisk(std::filesystem::path folder);
  ~FragileDisk() override;

  void CutPower() { off_ = true; }
  void LoseUnsynced();  // the power is back

  int syncs() const { return syncs_; }  // of files
  // How long a sync of files whose name ends so takes at least; before they are used.
  void SetSyncTime(std::string suffix, std::chrono::milliseconds time) {
    slow_suffix_ = std::move(suffix);
    sync_time_ = time;
  }

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override;
  // Another handle of a file that was made by this disk.
  leveldb::Status NewAppendableFile(const std::string& name,
                                    leveldb::WritableFile** result) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;

  // By fsync and fdatasync; false when they fail.
  static bool OnSync(int descriptor);

 private:
  class File;
  // A change of the folder that is not synced yet; `kept` is what it took away, if anything.
  struct Change {
    enum { kMade, kRenamed, kRemoved } kind;
    std::string name;
    std::string to;
    std::filesystem::path kept;
    std::uint64_t kept_synced = 0;
  };
  static leveldb::Status Off() { return leveldb::Status::IOError("the power is off"); }
  bool OnFolderSynced();
  void Keep(const std::string& name, Change& change);  // under mutex_
  void Undo(const Change& change);

  const std::filesystem::path folder_;
  const std::filesystem::path kept_;  // beside it: hard links to what was removed
  std::atomic<bool> off_ = false;
  std::atomic<int> syncs_ = 0;
  std::string slow_suffix_;
  std::chrono::milliseconds sync_time_{};
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> synced_;  // bytes of each file
  // And bytes written, through any of its handles.
  std::map<std::string, std::shared_ptr<std::atomic<std::uint64_t>>> written_;
  std::vector<Change> changes_;
  int next_kept_ = 0;
};

}  // namespace mkv::testing

#endif  // TESTS_INDEX_FRAGILE_DISK_H_
