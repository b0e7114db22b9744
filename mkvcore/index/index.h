// The index: an ordered map from byte strings to byte strings that says what the store holds.
//
// This is all that the layers above know of it. LevelDB is behind it today (leveldb_index.h); an
// index shared by several gateways can come later, so nothing here assumes a single process: a
// batch states what it was decided upon, and the index refuses it if that no longer holds.
//
// Thread-safe: any thread may call anything at any time. An Iterator belongs to one thread.
// Errors: an index that can not be read or written throws IndexError. A refused batch is no error.
#ifndef MKVCORE_INDEX_INDEX_H_
#define MKVCORE_INDEX_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mkv {

class IndexError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Tells an entry as it was read or written from any later one: a requirement that has the stamp of
// what it requires need not be read again. 0: none.
using Stamp = std::uint64_t;

// Changes that happen together or not at all, and what must still be so when they do.
class Batch {
 public:
  // Room for so many more of both: for who knows how many there will be.
  void Reserve(std::size_t more_changes, std::size_t more_requirements) {
    changes_.reserve(changes_.size() + more_changes);
    requirements_.reserve(requirements_.size() + more_requirements);
  }

  void Put(std::string_view key, std::string_view value) {
    changes_.push_back({std::string(key), std::string(value)});
  }
  void Delete(std::string_view key) { changes_.push_back({std::string(key), std::nullopt}); }

  // The batch is applied only if `key` still holds `value` (nullopt: still is absent), which it
  // did at `stamp`.
  void Require(std::string_view key, std::optional<std::string_view> value, Stamp stamp = 0) {
    requirements_.push_back(
        {{std::string(key), value ? std::optional<std::string>(*value) : std::nullopt}, stamp});
  }

  struct Entry {
    std::string key;
    std::optional<std::string> value;
  };
  struct Requirement : Entry {
    Stamp stamp = 0;
  };
  const std::vector<Entry>& changes() const { return changes_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  bool empty() const { return changes_.empty() && requirements_.empty(); }

 private:
  std::vector<Entry> changes_;
  std::vector<Requirement> requirements_;
};

class Index {
 public:
  // Walks keys in order of their bytes, over the state at the moment it was made.
  class Iterator {
   public:
    virtual ~Iterator() = default;
    virtual bool Valid() const = 0;
    // To the first key at or after `key`. Checks.
    virtual void Seek(std::string_view key) = 0;
    virtual void Next() = 0;
    // Valid until the iterator moves.
    virtual std::string_view key() const = 0;
    virtual std::string_view value() const = 0;
    // Throws IndexError where a part of the index on the way here could not be read. Next() passes
    // over such a part in silence, unless nothing follows it: who takes what he did not meet for
    // absent checks at the end of his walk.
    virtual void Check() const = 0;
  };

  enum class Durability {
    kOrdered,  // survives the death of the process; a power cut may lose the newest writes, in
               // order
    kSynced,   // and a power cut too, with every write before it
  };

  virtual ~Index() = default;

  virtual std::optional<std::string> Get(std::string_view key) const = 0;

  // The same for who goes on to change something on the strength of it. An index without stamps
  // gives none.
  virtual std::optional<std::string> GetStamped(std::string_view key, Stamp* stamp) const {
    *stamp = 0;
    return Get(key);
  }

  // The stamp that GetStamped() would give now. As long as it is that of an earlier one, and not 0,
  // the entry is what was read then, and reading it again would say nothing else.
  virtual Stamp StampOf(std::string_view /*key*/) const { return 0; }

  // Not positioned until the first Seek.
  virtual std::unique_ptr<Iterator> NewIterator() const = 0;

  // nullopt, with nothing changed, when a requirement did not hold. Else the stamp of all entries
  // that the batch changed or required, as they are now.
  [[nodiscard]] virtual std::optional<Stamp> Write(const Batch& batch, Durability durability) = 0;

  // Whether a kOrdered write may have to wait now, for more than the writing itself: the index is
  // behind with its housekeeping, or can not be written at present. Those who must not block then
  // leave the writing to a thread that may.
  virtual bool MayStall() const = 0;

  // Everything written before this call survives a power cut once it returns. Unlike a kSynced
  // write it holds up no other write meanwhile, and calls that come together share a sync.
  virtual void Sync() = 0;
};

// As Index::Get(), at the moment of the iterator: for entries that must be of one.
inline std::optional<std::string> ValueAt(Index::Iterator& entries, std::string_view key) {
  entries.Seek(key);
  if (!entries.Valid() || entries.key() != key) return std::nullopt;
  return std::string(entries.value());
}

}  // namespace mkv

#endif  // MKVCORE_INDEX_INDEX_H_
