// A blob on one volume that is no value of any key: what waits, outside memory, to become part of a
// value. Made by Store::Stage().
//
// As long as it lives the index holds its intent, so that the file is known and nobody takes it for
// garbage; it never gets a record, so that no listing, rebalance or client sees it. When it is
// destroyed the file becomes garbage. When the process dies instead, the intent has lost its
// writer, and the garbage collector of the next one deletes the file.
//
// Immutable; threads may share it. The store outlives it.
#ifndef MKVCORE_STORE_STAGED_BLOB_H_
#define MKVCORE_STORE_STAGED_BLOB_H_

#include <cstdint>

#include "mkvcore/store/blob_write.h"
#include "mkvcore/store/store.h"

namespace mkv {

class StagedBlob {
 public:
  ~StagedBlob();
  StagedBlob(const StagedBlob&) = delete;
  StagedBlob& operator=(const StagedBlob&) = delete;

  const BlobLocation& location() const { return location_; }
  std::uint64_t size() const { return size_; }

 private:
  friend class Store;
  StagedBlob(Store& store, std::uint64_t pending_id);

  Store& store_;
  BlobWrite write_;
  BlobLocation location_;
  std::uint64_t size_ = 0;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_STAGED_BLOB_H_
