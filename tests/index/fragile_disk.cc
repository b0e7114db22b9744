#include "tests/index/fragile_disk.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>
#include <utility>

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;

std::atomic<FragileDisk*> the_disk = nullptr;

}  // namespace

class FragileDisk::File : public leveldb::WritableFile {
 public:
  File(FragileDisk& disk, std::string name, leveldb::WritableFile* file,
       std::shared_ptr<std::atomic<std::uint64_t>> written)
      : disk_(disk), name_(std::move(name)), file_(file), written_(std::move(written)) {}

  leveldb::Status Append(const leveldb::Slice& data) override {
    if (disk_.off_) return Off();
    *written_ += data.size();
    return file_->Append(data);
  }
  leveldb::Status Flush() override { return disk_.off_ ? Off() : file_->Flush(); }
  leveldb::Status Close() override { return file_->Close(); }
  leveldb::Status Sync() override {
    if (disk_.off_) return Off();
    const std::uint64_t written = *written_;
    if (name_.ends_with(disk_.slow_suffix_)) std::this_thread::sleep_for(disk_.sync_time_);
    const leveldb::Status status = file_->Sync();
    ++disk_.syncs_;
    if (disk_.off_) return Off();  // cut in the middle of it
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.synced_.contains(name_)) {
      disk_.synced_[name_] = std::max(disk_.synced_[name_], written);
    }
    return status;
  }

 private:
  FragileDisk& disk_;
  const std::string name_;
  const std::unique_ptr<leveldb::WritableFile> file_;
  const std::shared_ptr<std::atomic<std::uint64_t>> written_;
};

FragileDisk::FragileDisk(fs::path folder)
    : EnvWrapper(leveldb::Env::Default()),
      folder_(std::move(folder)),
      kept_(folder_.string() + ".kept") {
  fs::create_directories(folder_);
  fs::create_directories(kept_);
  the_disk = this;
}

FragileDisk::~FragileDisk() { the_disk = nullptr; }

leveldb::Status FragileDisk::NewWritableFile(const std::string& name,
                                             leveldb::WritableFile** result) {
  if (off_) return Off();
  const std::lock_guard lock(mutex_);
  Change change{Change::kMade, name, {}, {}, 0};
  Keep(name, change);
  leveldb::Status status = EnvWrapper::NewWritableFile(name, result);
  if (!status.ok()) return status;
  changes_.push_back(std::move(change));
  synced_[name] = 0;
  written_[name] = std::make_shared<std::atomic<std::uint64_t>>(0);
  *result = new File(*this, name, *result, written_[name]);
  return status;
}

leveldb::Status FragileDisk::NewAppendableFile(const std::string& name,
                                               leveldb::WritableFile** result) {
  if (off_) return Off();
  const std::lock_guard lock(mutex_);
  leveldb::Status status = EnvWrapper::NewAppendableFile(name, result);
  if (status.ok()) *result = new File(*this, name, *result, written_.at(name));
  return status;
}

leveldb::Status FragileDisk::RemoveFile(const std::string& name) {
  if (off_) return Off();
  const std::lock_guard lock(mutex_);
  Change change{Change::kRemoved, name, {}, {}, 0};
  Keep(name, change);
  leveldb::Status status = EnvWrapper::RemoveFile(name);
  if (status.ok()) changes_.push_back(std::move(change));
  synced_.erase(name);
  return status;
}

leveldb::Status FragileDisk::RenameFile(const std::string& from, const std::string& to) {
  if (off_) return Off();
  const std::lock_guard lock(mutex_);
  Change change{Change::kRenamed, from, to, {}, 0};
  Keep(to, change);
  leveldb::Status status = EnvWrapper::RenameFile(from, to);
  if (!status.ok()) return status;
  changes_.push_back(std::move(change));
  if (auto node = synced_.extract(from)) synced_[to] = node.mapped();
  return status;
}

void FragileDisk::Keep(const std::string& name, Change& change) {
  if (!fs::exists(name)) return;
  change.kept = kept_ / std::to_string(next_kept_++);
  fs::create_hard_link(name, change.kept);
  const auto known = synced_.find(name);
  change.kept_synced = known == synced_.end() ? fs::file_size(name) : known->second;
}

void FragileDisk::Undo(const Change& change) {
  if (change.kind == Change::kRenamed) {
    fs::rename(change.to, change.name);
    if (auto node = synced_.extract(change.to)) synced_[change.name] = node.mapped();
  } else if (change.kind == Change::kMade) {
    fs::remove(change.name);
    synced_.erase(change.name);
  }
  if (change.kept.empty()) return;
  const std::string& name = change.kind == Change::kRenamed ? change.to : change.name;
  fs::rename(change.kept, name);
  synced_[name] = change.kept_synced;
}

void FragileDisk::LoseUnsynced() {
  const std::lock_guard lock(mutex_);
  std::reverse(changes_.begin(), changes_.end());
  for (const Change& change : changes_) Undo(change);
  changes_.clear();
  for (const auto& [name, synced] : synced_) {
    if (fs::exists(name) && fs::file_size(name) > synced) fs::resize_file(name, synced);
  }
  synced_.clear();  // what is left is on the disk
  off_ = false;
}

bool FragileDisk::OnFolderSynced() {
  if (off_) return false;
  const std::lock_guard lock(mutex_);
  for (const Change& change : changes_) {
    if (!change.kept.empty()) fs::remove(change.kept);
  }
  changes_.clear();
  return true;
}

bool FragileDisk::OnSync(int descriptor) {
  FragileDisk* const disk = the_disk;
  struct stat file = {};
  struct stat folder = {};
  if (disk == nullptr || fstat(descriptor, &file) != 0 || !S_ISDIR(file.st_mode)) return true;
  if (stat(disk->folder_.c_str(), &folder) != 0) return true;
  const bool ours = file.st_dev == folder.st_dev && file.st_ino == folder.st_ino;
  return !ours || disk->OnFolderSynced();
}

}  // namespace mkv::testing

// In the place of the C library's, for LevelDB's library too.
extern "C" int fsync(int descriptor) {
  if (mkv::testing::FragileDisk::OnSync(descriptor)) {
    return static_cast<int>(syscall(SYS_fsync, descriptor));
  }
  errno = EIO;
  return -1;
}

extern "C" int fdatasync(int descriptor) {
  if (mkv::testing::FragileDisk::OnSync(descriptor)) {
    return static_cast<int>(syscall(SYS_fdatasync, descriptor));
  }
  errno = EIO;
  return -1;
}
