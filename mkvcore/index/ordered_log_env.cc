#include "mkvcore/index/ordered_log_env.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

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

struct OrderedLogEnv::Jobs {
  std::mutex mutex;
  std::condition_variable ended;
  int running = 0;
};

// A file that is written as long as the database may write, and up to the first write that fails.
class OrderedLogEnv::GuardedFile : public leveldb::WritableFile {
 public:
  GuardedFile(OrderedLogEnv& env, std::string name, std::unique_ptr<leveldb::WritableFile> file)
      : env_(env), name_(std::move(name)), file_(std::move(file)) {}

  leveldb::Status Append(const leveldb::Slice& data) override {
    return IfItMay([&] { return file_->Append(data); });
  }
  leveldb::Status Flush() override {
    return IfItMay([&] { return file_->Flush(); });
  }
  leveldb::Status Sync() override {
    return IfItMay([&] { return file_->Sync(); });
  }
  leveldb::Status Close() override { return file_->Close(); }

 private:
  template <typename Work>
  leveldb::Status IfItMay(const Work& work) {
    if (env_.retired_) return env_.Refusal(name_);
    if (!failed_.ok()) return failed_;
    return failed_ = work();
  }

  leveldb::Status failed_;

 protected:
  OrderedLogEnv& env_;
  const std::string name_;
  const std::unique_ptr<leveldb::WritableFile> file_;
};

class OrderedLogEnv::LogFile : public GuardedFile {
 public:
  using GuardedFile::GuardedFile;

  // LevelDB closes a log file by destroying it, which can report nothing: a sync that fails here
  // fails every later write. Of a retired database it can be left: who opens the folder anew reads
  // the log, and syncs what it finds.
  ~LogFile() override {
    if (unsynced_ && !env_.retired_ && !LogFile::Sync().ok()) env_.log_failed_ = true;
  }

  leveldb::Status Append(const leveldb::Slice& data) override {
    if (env_.log_failed_) {
      return leveldb::Status::IOError(name_, "an earlier write to the log has failed");
    }
    unsynced_ = true;
    return Note(GuardedFile::Append(data));
  }

  leveldb::Status Flush() override { return Note(GuardedFile::Flush()); }

  leveldb::Status Sync() override {
    leveldb::Status status = GuardedFile::Sync();
    if (status.ok() && !folder_synced_) {
      status = SyncFolderOf(name_);
      folder_synced_ = status.ok();
    }
    if (status.ok()) unsynced_ = false;
    return Note(status);
  }

  leveldb::Status Close() override {
    leveldb::Status status = unsynced_ ? Sync() : leveldb::Status::OK();
    leveldb::Status closed = file_->Close();
    return status.ok() ? closed : status;
  }

 private:
  leveldb::Status Note(leveldb::Status status) {
    if (!status.ok()) env_.log_failed_ = true;
    return status;
  }

  bool unsynced_ = false;
  bool folder_synced_ = false;
};

OrderedLogEnv::OrderedLogEnv(leveldb::Env* target, std::function<bool()> keep_tables)
    : EnvWrapper(target), keep_tables_(std::move(keep_tables)), jobs_(std::make_shared<Jobs>()) {}

OrderedLogEnv::~OrderedLogEnv() { AwaitIdle(); }

void OrderedLogEnv::Retire() {
  retired_ = true;
  AwaitIdle();
}

void OrderedLogEnv::AwaitIdle() {
  std::unique_lock lock(jobs_->mutex);
  jobs_->ended.wait(lock, [this] { return jobs_->running == 0; });
}

leveldb::Status OrderedLogEnv::Refusal(const std::string& name) const {
  return leveldb::Status::IOError(name, "the index has been opened anew");
}

leveldb::Status OrderedLogEnv::NewWritableFile(const std::string& name,
                                               leveldb::WritableFile** result) {
  *result = nullptr;
  if (retired_) return Refusal(name);
  leveldb::Status status = EnvWrapper::NewWritableFile(name, result);
  if (!status.ok()) return status;
  std::unique_ptr<leveldb::WritableFile> file(*result);
  if (name.ends_with(".log")) {
    *result = new LogFile(*this, name, std::move(file));
  } else {
    *result = new GuardedFile(*this, name, std::move(file));
  }
  return status;
}

// Of logs that are used again, which we do not ask for (Options::reuse_logs).
leveldb::Status OrderedLogEnv::NewAppendableFile(const std::string& name,
                                                 leveldb::WritableFile** result) {
  *result = nullptr;
  return leveldb::Status::NotSupported(name);
}

leveldb::Status OrderedLogEnv::RemoveFile(const std::string& name) {
  if (retired_) return Refusal(name);
  if (keep_tables_ && name.ends_with(".ldb") && keep_tables_()) return leveldb::Status::OK();
  return EnvWrapper::RemoveFile(name);
}

leveldb::Status OrderedLogEnv::RenameFile(const std::string& from, const std::string& to) {
  return retired_ ? Refusal(from) : EnvWrapper::RenameFile(from, to);
}

leveldb::Status OrderedLogEnv::LockFile(const std::string& /*name*/, leveldb::FileLock** lock) {
  *lock = std::make_unique<leveldb::FileLock>().release();
  return leveldb::Status::OK();
}

leveldb::Status OrderedLogEnv::UnlockFile(leveldb::FileLock* lock) {
  const std::unique_ptr<leveldb::FileLock> owned(lock);
  return leveldb::Status::OK();
}

void OrderedLogEnv::Schedule(void (*function)(void* argument), void* argument) {
  struct Job {
    std::shared_ptr<Jobs> jobs;
    void (*function)(void* argument);
    void* argument;
  };
  {
    const std::lock_guard lock(jobs_->mutex);
    ++jobs_->running;
  }
  target()->Schedule(
      [](void* owned) {
        const std::unique_ptr<Job> job(static_cast<Job*>(owned));
        job->function(job->argument);
        const std::lock_guard lock(job->jobs->mutex);
        --job->jobs->running;
        job->jobs->ended.notify_all();
      },
      std::make_unique<Job>(Job{jobs_, function, argument}).release());
}

}  // namespace mkv
