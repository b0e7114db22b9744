// The leveldb::Env below one open database. It adds four things to the real one.
//
// * A power cut loses the newest writes only, in order. When LevelDB's write buffer is full it goes
//   on in a new log file and closes the old one without syncing it; a later synced write syncs the
//   new file alone. A power cut could then lose a write of the old file and keep a later one. Here
//   a log file is synced before it is closed, and its folder's entry before its first sync is
//   answered.
// * After a write to a log file failed, perhaps in the middle of a record, every later one fails:
//   LevelDB would go on behind the torn record, and find none of it when it reads the log again.
//   Nor is any other file written on: a compaction that flushes a memory table in its middle would
//   write its own end into the MANIFEST behind the record that did not fit.
// * Its log can be synced while LevelDB goes on writing to it. A write that LevelDB syncs holds up
//   every other one until the disk has answered; this holds up nobody but who waits for it.
// * It can be retired, so that the same folder can be opened anew while the old database still
//   serves readers: from then on that one can change nothing any more.
//
// The folder's lock is not taken here: whoever opens databases through this holds it.
//
// Thread-safe, as leveldb::Env wants it. Outlives its database.
#ifndef MKVCORE_INDEX_ORDERED_LOG_ENV_H_
#define MKVCORE_INDEX_ORDERED_LOG_ENV_H_

#include <leveldb/env.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mkv {

class OrderedLogEnv : public leveldb::EnvWrapper {
 public:
  // While `keep_tables` says so, no table is removed: readers of an older database may come to need
  // it. LevelDB removes what is left over another time.
  explicit OrderedLogEnv(leveldb::Env* target, std::function<bool()> keep_tables = {});
  // Waits for background work that is at its end.
  ~OrderedLogEnv() override;

  // Returns when nothing that was under way can change the folder any more.
  void Retire();

  // All that was appended and flushed to log files so far survives a power cut once it returns ok.
  // Calls that come together share a sync. After one that failed every write to a log fails.
  leveldb::Status SyncLogs();

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override;
  leveldb::Status NewAppendableFile(const std::string& name,
                                    leveldb::WritableFile** result) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*function)(void* argument), void* argument) override;

 private:
  class GuardedFile;
  class LogFile;
  class LogSync;
  struct Jobs;

  leveldb::Status Refusal(const std::string& name) const;
  void AwaitIdle();
  leveldb::Status NewLogFile(const std::string& name, std::unique_ptr<leveldb::WritableFile> file,
                             leveldb::WritableFile** result);
  leveldb::Status SyncEveryLog();

  const std::function<bool()> keep_tables_;
  std::atomic<bool> log_failed_ = false;
  std::atomic<bool> retired_ = false;
  const std::shared_ptr<Jobs> jobs_;  // background work that LevelDB has asked for

  std::mutex logs_mutex_;
  std::vector<std::shared_ptr<LogSync>> logs_;  // that are open: two while LevelDB changes its log

  // Each call of SyncLogs() has a number; those up to `synced_` are done.
  std::mutex sync_mutex_;
  std::condition_variable sync_ended_;
  bool syncing_ = false;
  std::uint64_t last_call_ = 0;
  std::uint64_t synced_ = 0;
};

}  // namespace mkv

#endif  // MKVCORE_INDEX_ORDERED_LOG_ENV_H_
