#include "mkvcore/index/ordered_log_env.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
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

// Syncs a log file through a handle of its own, for LevelDB's belongs to the thread that writes.
// What is synced is the file (fdatasync(2)), whoever has written to it. Thread-safe.
class OrderedLogEnv::LogSync {
 public:
  LogSync(std::string name, std::unique_ptr<leveldb::WritableFile> handle)
      : name_(std::move(name)), handle_(std::move(handle)) {}

  // One at a time.
  leveldb::Status Sync() {
    const leveldb::Status status = handle_->Sync();
    return status.ok() ? SyncFolder() : status;
  }

  // The file's name, once.
  leveldb::Status SyncFolder() {
    if (folder_synced_) return leveldb::Status::OK();
    leveldb::Status status = SyncFolderOf(name_);
    if (status.ok()) folder_synced_ = true;
    return status;
  }

 private:
  const std::string name_;
  const std::unique_ptr<leveldb::WritableFile> handle_;
  std::atomic<bool> folder_synced_ = false;
};

class OrderedLogEnv::LogFile : public GuardedFile {
 public:
  LogFile(OrderedLogEnv& env, std::string name, std::unique_ptr<leveldb::WritableFile> file,
          std::shared_ptr<LogSync> sync)
      : GuardedFile(env, std::move(name), std::move(file)), sync_(std::move(sync)) {}

  // LevelDB closes a log file by destroying it, which can report nothing: a sync that fails here
  // fails every later write. Of a retired database it can be left: who opens the folder anew reads
  // the log, and syncs what it finds.
  ~LogFile() override {
    if (unsynced_ && !env_.retired_ && !LogFile::Sync().ok()) env_.log_failed_ = true;
    const std::lock_guard lock(env_.logs_mutex_);
    std::erase(env_.logs_, sync_);
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
    if (status.ok()) status = sync_->SyncFolder();
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

  const std::shared_ptr<LogSync> sync_;
  bool unsynced_ = false;
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
  if (name.ends_with(".log")) return NewLogFile(name, std::move(file), result);
  *result = new GuardedFile(*this, name, std::move(file));
  return status;
}

leveldb::Status OrderedLogEnv::NewLogFile(const std::string& name,
                                          std::unique_ptr<leveldb::WritableFile> file,
                                          leveldb::WritableFile** result) {
  leveldb::WritableFile* handle = nullptr;
  leveldb::Status status = EnvWrapper::NewAppendableFile(name, &handle);
  if (!status.ok()) return status;
  auto sync = std::make_shared<LogSync>(name, std::unique_ptr<leveldb::WritableFile>(handle));
  *result = new LogFile(*this, name, std::move(file), sync);
  const std::lock_guard lock(logs_mutex_);
  logs_.push_back(std::move(sync));
  return status;
}

leveldb::Status OrderedLogEnv::SyncLogs() {
  std::unique_lock lock(sync_mutex_);
  const std::uint64_t call = ++last_call_;
  while (synced_ < call) {
    if (syncing_) {
      sync_ended_.wait(lock);
      continue;
    }
    const std::uint64_t covered = last_call_;
    syncing_ = true;
    lock.unlock();
    leveldb::Status status = SyncEveryLog();
    lock.lock();
    syncing_ = false;
    sync_ended_.notify_all();
    if (!status.ok()) return status;  // the others try for themselves
    synced_ = covered;
  }
  return leveldb::Status::OK();
}

leveldb::Status OrderedLogEnv::SyncEveryLog() {
  std::vector<std::shared_ptr<LogSync>> logs;
  {
    const std::lock_guard lock(logs_mutex_);
    logs = logs_;
  }
  for (const std::shared_ptr<LogSync>& log : logs) {
    leveldb::Status status = retired_ ? Refusal("the log") : log->Sync();
    if (status.ok()) continue;
    log_failed_ = true;
    return status;
  }
  // One that was closed before was synced then, or failed.
  if (log_failed_) return leveldb::Status::IOError("an earlier write to the log has failed");
  return leveldb::Status::OK();
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
