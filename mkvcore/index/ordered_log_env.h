// A leveldb::Env under which a power cut loses the newest writes only, in order.
//
// When LevelDB's write buffer is full it goes on in a new log file and closes the old one without
// syncing it; a later synced write syncs the new file alone. A power cut could then lose a write of
// the old file and keep a later one. Here a log file is synced before it is closed, and its
// folder's entry before its first sync is answered.
//
// Thread-safe, as leveldb::Env wants it.
#ifndef MKVCORE_INDEX_ORDERED_LOG_ENV_H_
#define MKVCORE_INDEX_ORDERED_LOG_ENV_H_

#include <leveldb/env.h>

#include <atomic>
#include <string>

namespace mkv {

class OrderedLogEnv : public leveldb::EnvWrapper {
 public:
  explicit OrderedLogEnv(leveldb::Env* target) : EnvWrapper(target) {}

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override;

 private:
  class LogFile;

  // LevelDB closes a log file by destroying it, which can report nothing: a sync that fails there
  // fails every later write.
  std::atomic<bool> sync_failed_ = false;
};

}  // namespace mkv

#endif  // MKVCORE_INDEX_ORDERED_LOG_ENV_H_
