// The index in an embedded LevelDB, one process at a time.
//
// Readable and writable by the original (goleveldb): Snappy or no compression in tables. goleveldb
// locks its folder with flock, LevelDB with fcntl, so each would let the other in; we also hold a
// flock on `DIR/LOCK` until the index is closed.
//
// Conditional batches lock stripes of the keys they name, so that batches on different keys still
// meet in LevelDB's own write queue and are written together.
#ifndef MKVCORE_INDEX_LEVELDB_INDEX_H_
#define MKVCORE_INDEX_LEVELDB_INDEX_H_

#include <cstddef>
#include <memory>
#include <string>

#include "mkvcore/index/index.h"

namespace leveldb {
class Env;
}

namespace mkv {

class FolderLock;

struct LevelDbOptions {
  std::size_t cache_bytes = 256 << 20;        // of uncompressed blocks
  std::size_t write_buffer_bytes = 64 << 20;  // LevelDB keeps up to two in memory
  leveldb::Env* env = nullptr;                // nullptr: the real file system
  bool create_if_missing = true;
  // Of the folder, when the caller holds it already and means to keep it longer than the index;
  // nullptr: the index takes its own.
  std::shared_ptr<const FolderLock> lock;
};

// The index is open elsewhere; the message says where, if that can be told.
class IndexInUse : public IndexError {
 public:
  using IndexError::IndexError;
};

// There is none, and none was to be made.
class IndexMissing : public IndexError {
 public:
  using IndexError::IndexError;
};

// Nothing the index holds can be trusted; the message names `mkv rebuild`. Also thrown by later
// calls that come upon a damaged block.
class IndexCorrupted : public IndexError {
 public:
  using IndexError::IndexError;
};

class LevelDbIndex : public Index {
 public:
  // Throws IndexInUse, IndexMissing, IndexCorrupted, or a plain IndexError for what is no fault of
  // the index (no permission, not a folder, full disk).
  //
  // A log that ends in the middle of a record is what a crash leaves and is no corruption; a
  // damaged record before the end of one is, and so are a missing or unreadable CURRENT, MANIFEST,
  // table or log that the MANIFEST names. Blocks of tables are checked as they are read.
  static std::unique_ptr<LevelDbIndex> Open(const std::string& folder,
                                            const LevelDbOptions& options = {});
  ~LevelDbIndex() override;

  std::optional<std::string> Get(std::string_view key) const override;
  std::optional<std::string> GetStamped(std::string_view key, Stamp* stamp) const override;
  Stamp StampOf(std::string_view key) const override;
  std::unique_ptr<Iterator> NewIterator() const override;
  [[nodiscard]] std::optional<Stamp> Write(const Batch& batch, Durability durability) override;
  bool MayStall() const override;
  void Sync() override;

 private:
  class Impl;
  explicit LevelDbIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_INDEX_LEVELDB_INDEX_H_
