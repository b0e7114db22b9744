#include "mkvcore/index/leveldb_index.h"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <vector>

#include "mkvcore/index/folder_lock.h"
#include "mkvcore/index/key_locks.h"
#include "mkvcore/index/key_stamps.h"
#include "mkvcore/index/manifest.h"
#include "mkvcore/index/ordered_log_env.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;

// LevelDB delays each write by 1 ms when it has 8 tables that are not yet merged into the levels,
// and stops at 12 (db/dbformat.h, kL0_SlowdownWritesTrigger and kL0_StopWritesTrigger).
constexpr int kSlowdownTables = 8;

constexpr int kBloomBitsPerKey = 10;  // 1 in 100 look-ups of a missing key reads a block

leveldb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(leveldb::Slice slice) { return {slice.data(), slice.size()}; }

[[noreturn]] void ThrowCorrupted(const std::string& folder, const std::string& what) {
  throw IndexCorrupted("the index in " + folder + " is corrupted (" + what +
                       "); stop the server and run `mkv rebuild` to make it anew from the volumes");
}

// LevelDB looks for the end of a table where the MANIFEST says that it is. In one that was cut
// short this lies outside of the file, which it maps: EINVAL (util/env_posix.cc).
bool IsCutTable(const leveldb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string what = status.ToString();
  const std::string reason = std::generic_category().message(EINVAL);
  return what.ends_with(".ldb: " + reason) || what.ends_with(".sst: " + reason);
}

void Check(const leveldb::Status& status, const std::string& folder) {
  if (status.ok()) return;
  if (status.IsCorruption() || IsCutTable(status)) ThrowCorrupted(folder, status.ToString());
  throw IndexError("the index in " + folder + " failed: " + status.ToString());
}

// Makes the folder if that is wanted.
void PrepareFolder(const std::string& folder, bool create) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) {
    if (error && error != std::errc::no_such_file_or_directory) {
      throw IndexError("can not open the index in " + folder + ": " + error.message());
    }
    if (!create) throw IndexMissing("there is no index in " + folder);
    fs::create_directories(folder, error);
    if (error) throw IndexError("can not make the folder " + folder + ": " + error.message());
  } else if (!fs::is_directory(status)) {
    throw IndexError(folder + " is not a folder, so it holds no index");
  }
}

// LevelDB takes a folder without CURRENT for a new one, and would delete what lies there.
void RequireCurrent(const std::string& folder, bool create) {
  if (fs::exists(fs::path(folder) / "CURRENT")) return;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".log" || extension == ".ldb" || extension == ".sst") {
      ThrowCorrupted(folder, "CURRENT is missing beside " + entry.path().filename().string());
    }
  }
  if (error) throw IndexError("can not read the folder " + folder + ": " + error.message());
  if (!create) throw IndexMissing("there is no index in " + folder);
}

// The log that the MANIFEST names last is made before that is written there, and removed only after
// the next one is named. LevelDB does not miss it: it reads what logs it finds, and removes the
// tables that its MANIFEST does not know. So a log that was lost, and a MANIFEST that ends early,
// would be an older state of the index, taken for the present one.
void RequireLog(leveldb::Env& env, const std::string& folder) {
  std::string manifest;
  std::string edits;
  // What can not be read LevelDB itself tells of, or makes.
  if (!leveldb::ReadFileToString(&env, folder + "/CURRENT", &manifest).ok()) return;
  if (manifest.ends_with('\n')) manifest.pop_back();
  if (!leveldb::ReadFileToString(&env, folder + "/" + manifest, &edits).ok()) return;
  const std::uint64_t number = LastLogNumber(edits);
  const std::string log = fmt::format("{:06}.log", number);
  if (number == 0 || env.FileExists(folder + "/" + log)) return;
  ThrowCorrupted(folder, log + ", which " + manifest + " names last, is missing");
}

// LevelDB's own lock (fcntl), held for as long as any database is open in the folder.
class LevelDbLock {
 public:
  LevelDbLock(leveldb::Env& env, const std::string& folder) : env_(env) {
    if (!env_.LockFile(folder + "/LOCK", &lock_).ok()) {
      throw IndexInUse("the index in " + folder + " is in use by " + HolderOfLock(folder));
    }
  }
  ~LevelDbLock() { (void)env_.UnlockFile(lock_); }
  LevelDbLock(const LevelDbLock&) = delete;
  LevelDbLock& operator=(const LevelDbLock&) = delete;

 private:
  leveldb::Env& env_;
  leveldb::FileLock* lock_ = nullptr;
};

// A leveldb::DB from its opening to the first write that it could not do: it refuses all later ones
// (its error is sticky), and the folder has to be opened anew. Reading goes on.
class Database {
 public:
  Database(leveldb::Env* env, leveldb::Options settings, const std::string& folder,
           std::function<bool()> keep_tables)
      : env_(env, std::move(keep_tables)) {
    settings.env = &env_;
    leveldb::DB* db = nullptr;
    const leveldb::Status status = leveldb::DB::Open(settings, folder, &db);
    db_.reset(db);
    // A comparator of another name.
    if (status.IsInvalidArgument()) ThrowCorrupted(folder, status.ToString());
    Check(status, folder);
  }

  leveldb::DB& db() { return *db_; }
  leveldb::Status SyncLogs() { return env_.SyncLogs(); }
  void Retire() { env_.Retire(); }

  bool failed() const { return failed_; }
  void SetFailed() { failed_ = true; }

 private:
  OrderedLogEnv env_;  // goes after the database
  std::unique_ptr<leveldb::DB> db_;
  std::atomic<bool> failed_ = false;
};

class LevelDbIterator : public Index::Iterator {
 public:
  LevelDbIterator(std::shared_ptr<Database> database, const leveldb::ReadOptions& options,
                  const std::string& folder)
      : database_(std::move(database)),
        iterator_(database_->db().NewIterator(options)),
        folder_(folder) {}

  bool Valid() const override { return valid_; }
  void Seek(std::string_view key) override {
    iterator_->Seek(ToSlice(key));
    Arrive();
    if (valid_) Check();
  }
  void Next() override {
    iterator_->Next();
    Arrive();
  }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_; }
  void Check() const override { mkv::Check(iterator_->status(), folder_); }

 private:
  // LevelDB would go through its iterators of every level for each question, as it does for its
  // status.
  void Arrive() {
    valid_ = iterator_->Valid();
    if (!valid_) return Check();
    key_ = ToView(iterator_->key());
    value_ = ToView(iterator_->value());
  }

  const std::shared_ptr<Database> database_;  // goes after the iterator
  const std::unique_ptr<leveldb::Iterator> iterator_;
  const std::string& folder_;
  bool valid_ = false;
  std::string_view key_;
  std::string_view value_;
};

}  // namespace

class LevelDbIndex::Impl {
 public:
  Impl(const std::string& folder, const LevelDbOptions& options)
      : folder_(folder),
        lock_(options.lock ? options.lock : std::make_shared<const FolderLock>(folder)),
        env_(options.env != nullptr ? options.env : leveldb::Env::Default()),
        leveldb_lock_(*env_, folder),
        cache_(leveldb::NewLRUCache(options.cache_bytes)),
        bloom_filter_(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey)) {
    RequireCurrent(folder, options.create_if_missing);
    RequireLog(*env_, folder);

    settings_.create_if_missing = options.create_if_missing;
    settings_.block_cache = cache_.get();
    settings_.filter_policy = bloom_filter_.get();
    settings_.write_buffer_size = options.write_buffer_bytes;
    settings_.compression = leveldb::kSnappyCompression;
    // Refuses a log with a damaged record in its middle, instead of going on without it and all
    // that shares its 32 KiB block.
    settings_.paranoid_checks = true;
    database_ = std::make_shared<Database>(env_, settings_, folder_, nullptr);
    settings_.create_if_missing = false;  // when it is opened anew

    read_options_.verify_checksums = true;
    // A listing of millions of keys must not push out the blocks that single look-ups live on.
    scan_options_.verify_checksums = true;
    scan_options_.fill_cache = false;
  }

  std::optional<std::string> Get(std::string_view key) const { return Get(*Current(), key); }

  std::optional<std::string> GetStamped(std::string_view key, Stamp* stamp) const {
    *stamp = stamps_.Of(key);  // before the reading: key_stamps.h
    return Get(key);
  }

  Stamp StampOf(std::string_view key) const { return stamps_.Of(key); }

  std::unique_ptr<Iterator> NewIterator() const {
    return std::make_unique<LevelDbIterator>(Current(), scan_options_, folder_);
  }

  std::optional<Stamp> Write(const Batch& batch, Durability durability) {
    // A batch without requirements locks its keys too: between the reading of another's requirement
    // and its writing, nobody may change the key.
    const KeyLocks::Guard guard(locks_, KeysOf(batch));
    const Writing writing(*this);
    for (const Batch::Requirement& requirement : batch.requirements()) {
      if (requirement.stamp != 0 && requirement.stamp == stamps_.Of(requirement.key)) continue;
      if (Get(writing.database(), requirement.key) != requirement.value) return std::nullopt;
    }
    if (batch.changes().empty() && durability == Durability::kOrdered) return stamps_.Next(guard);

    leveldb::WriteBatch changes;
    for (const Batch::Entry* change : InOrder(batch.changes())) {
      if (change->value) {
        changes.Put(change->key, *change->value);
      } else {
        changes.Delete(change->key);
      }
    }
    stamps_.TakeAway(guard);
    // What it throws calls for no stamp: before the next write the index is opened anew.
    Apply(writing.database(), &changes, durability);
    return stamps_.Next(guard);
  }

  bool MayStall() const {
    const std::shared_ptr<Database> database = Current();
    std::string tables;
    return database->failed() ||
           !database->db().GetProperty("leveldb.num-files-at-level0", &tables) ||
           std::atoi(tables.c_str()) >= kSlowdownTables - 1;
  }

  void Sync() {
    const Writing writing(*this);
    const leveldb::Status status = writing.database().SyncLogs();
    if (!status.ok()) writing.database().SetFailed();
    Check(status, folder_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  // A database that takes writes, and nobody opens another one meanwhile. Throws IndexError when
  // there is none.
  class Writing {
   public:
    explicit Writing(Impl& impl) : lock_(impl.writing_mutex_), database_(impl.Current()) {
      if (!database_->failed()) return;
      lock_.unlock();
      impl.OpenAnew();
      lock_.lock();
      database_ = impl.Current();
      if (!database_->failed()) return;
      throw IndexError("the index in " + impl.folder_ +
                       " can not be written now (is its disk full?); reading goes on");
    }
    Database& database() const { return *database_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    std::shared_ptr<Database> database_;
  };

  // After a write has failed. At most one attempt a second, by one thread; the others see what came
  // of it. The old database serves readers until another one takes its place, and those that still
  // walk over it as long as they do.
  void OpenAnew() {
    const std::lock_guard one_at_a_time(opening_mutex_);
    const std::shared_ptr<Database> failed = Current();
    if (!failed->failed() || Clock::now() < next_attempt_) return;
    const std::unique_lock no_writers(writing_mutex_);
    failed->Retire();
    try {
      // Iterators may still come to need tables that only older databases name.
      std::erase_if(older_, [](const auto& database) { return database.expired(); });
      std::vector<std::weak_ptr<Database>> older = older_;
      older.push_back(failed);
      const auto keep_tables = [older] {
        return std::any_of(older.begin(), older.end(),
                           [](const auto& database) { return !database.expired(); });
      };
      auto opened = std::make_shared<Database>(env_, settings_, folder_, keep_tables);
      older_ = std::move(older);
      {
        const std::lock_guard lock(database_mutex_);
        database_ = std::move(opened);
      }
      // What could not be written may be there now.
      stamps_.RenewAll();
      spdlog::warn("the index in {} was opened anew, and can be written again", folder_);
    } catch (const IndexError& error) {
      spdlog::error("{}", error.what());
    }
    next_attempt_ = Clock::now() + std::chrono::seconds(1);
  }

  std::shared_ptr<Database> Current() const {
    const std::shared_lock lock(database_mutex_);
    return database_;
  }

  std::optional<std::string> Get(Database& database, std::string_view key) const {
    std::string value;
    const leveldb::Status status = database.db().Get(read_options_, ToSlice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    Check(status, folder_);
    return value;
  }

  static std::vector<std::string_view> KeysOf(const Batch& batch) {
    std::vector<std::string_view> keys;
    keys.reserve(batch.changes().size() + batch.requirements().size());
    for (const Batch::Entry& change : batch.changes()) keys.push_back(change.key);
    for (const Batch::Requirement& required : batch.requirements()) keys.push_back(required.key);
    return keys;
  }

  // Many by their keys: LevelDB's list of what is not yet in tables is larger than the processor's
  // caches, and each then has its place near the last one's.
  static std::vector<const Batch::Entry*> InOrder(const std::vector<Batch::Entry>& changes) {
    constexpr std::size_t kMany = 100;
    std::vector<const Batch::Entry*> ordered;
    ordered.reserve(changes.size());
    for (const Batch::Entry& change : changes) ordered.push_back(&change);
    if (ordered.size() >= kMany) {
      std::stable_sort(ordered.begin(), ordered.end(),
                       [](const auto* one, const auto* other) { return one->key < other->key; });
    }
    return ordered;
  }

  void Apply(Database& database, leveldb::WriteBatch* changes, Durability durability) {
    leveldb::WriteOptions options;
    options.sync = durability == Durability::kSynced;
    const leveldb::Status status = database.db().Write(options, changes);
    if (!status.ok()) database.SetFailed();
    Check(status, folder_);
  }

  // In the order in which they are needed by what follows: LevelDB goes first, the lock last.
  const std::string folder_;
  const std::shared_ptr<const FolderLock> lock_;
  leveldb::Env* const env_;
  const LevelDbLock leveldb_lock_;
  const std::unique_ptr<leveldb::Cache> cache_;
  const std::unique_ptr<const leveldb::FilterPolicy> bloom_filter_;
  leveldb::Options settings_;
  leveldb::ReadOptions read_options_;
  leveldb::ReadOptions scan_options_;

  std::shared_mutex writing_mutex_;  // shared by writers, exclusive for who opens anew
  std::mutex opening_mutex_;
  Clock::time_point next_attempt_{};            // under opening_mutex_
  std::vector<std::weak_ptr<Database>> older_;  // under opening_mutex_; that may have readers
  mutable std::shared_mutex database_mutex_;
  std::shared_ptr<Database> database_;
  KeyLocks locks_;
  KeyStamps stamps_;
};

LevelDbIndex::LevelDbIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LevelDbIndex::~LevelDbIndex() = default;

std::unique_ptr<LevelDbIndex> LevelDbIndex::Open(const std::string& folder,
                                                 const LevelDbOptions& options) {
  PrepareFolder(folder, options.create_if_missing);
  return std::unique_ptr<LevelDbIndex>(new LevelDbIndex(std::make_unique<Impl>(folder, options)));
}

std::optional<std::string> LevelDbIndex::Get(std::string_view key) const { return impl_->Get(key); }

std::unique_ptr<Index::Iterator> LevelDbIndex::NewIterator() const { return impl_->NewIterator(); }

std::optional<std::string> LevelDbIndex::GetStamped(std::string_view key, Stamp* stamp) const {
  return impl_->GetStamped(key, stamp);
}

Stamp LevelDbIndex::StampOf(std::string_view key) const { return impl_->StampOf(key); }

std::optional<Stamp> LevelDbIndex::Write(const Batch& batch, Durability durability) {
  return impl_->Write(batch, durability);
}

bool LevelDbIndex::MayStall() const { return impl_->MayStall(); }

void LevelDbIndex::Sync() { impl_->Sync(); }

}  // namespace mkv

#if defined(__SANITIZE_THREAD__)
// The system's LevelDB is not instrumented: ThreadSanitizer sees its copying, but not the atomic
// pointers of its skip list that order it. This is where ThreadSanitizer asks a program for what to
// leave out (sanitizer/tsan_interface.h); here, so that every program with an index has it.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:libleveldb.so\n"; }
#endif
