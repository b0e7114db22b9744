#include "mkvcore/index/ordered_log_env.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace mkv {
namespace {

leveldb::Status SyncFolderOf(const std::string& name) {
  const std::string folder = name.substr(0, name.rfind('/'));
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // An env that keeps its files elsewhere has no folder to sync.
  if (descriptor < 0) return leveldb::Status::OK();
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (error == 0) return leveldb::Status::OK();
  return leveldb::Status::IOError(folder, std::generic_category().message(error));
}

}  // namespace

class OrderedLogEnv::LogFile : public leveldb::WritableFile {
 public:
  LogFile(OrderedLogEnv& env, std::string name, std::unique_ptr<leveldb::WritableFile> file)
      : env_(env), name_(std::move(name)), file_(std::move(file)) {}

  ~LogFile() override {
    if (unsynced_ && !Sync().ok()) env_.sync_failed_ = true;
  }

  leveldb::Status Append(const leveldb::Slice& data) override {
    if (env_.sync_failed_) {
      return leveldb::Status::IOError(name_, "the log before this one could not be synced");
    }
    unsynced_ = true;
    return file_->Append(data);
  }

  leveldb::Status Flush() override { return file_->Flush(); }

  leveldb::Status Sync() override {
    leveldb::Status status = file_->Sync();
    if (status.ok() && !folder_synced_) {
      status = SyncFolderOf(name_);
      folder_synced_ = status.ok();
    }
    if (status.ok()) unsynced_ = false;
    return status;
  }

  leveldb::Status Close() override {
    leveldb::Status status = unsynced_ ? Sync() : leveldb::Status::OK();
    leveldb::Status closed = file_->Close();
    return status.ok() ? closed : status;
  }

 private:
  OrderedLogEnv& env_;
  const std::string name_;
  const std::unique_ptr<leveldb::WritableFile> file_;
  bool unsynced_ = false;
  bool folder_synced_ = false;
};

leveldb::Status OrderedLogEnv::NewWritableFile(const std::string& name,
                                               leveldb::WritableFile** result) {
  leveldb::Status status = EnvWrapper::NewWritableFile(name, result);
  if (status.ok() && name.ends_with(".log")) {
    *result = new LogFile(*this, name, std::unique_ptr<leveldb::WritableFile>(*result));
  }
  return status;
}

}  // namespace mkv
