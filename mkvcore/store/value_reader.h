// Reads a value from whichever of its replicas delivers: for clients that follow no redirect.
//
// Volumes that answer are asked first; a replica that fails, before or in the middle, is left for
// the next one, which goes on at the byte where it stopped. One whose volume has only lost patience
// with a sink that is slow is asked for the rest itself. Memory is fixed. A read of a whole
// value checks its CRC32C before the last piece is handed over, so a damaged value is never
// complete; a small one, which comes in one piece, is then read from another replica. Where no
// digest is known, a read during which the key got another value is never complete either
// (unchecked_read.h).
//
// Blocking; one thread at a time.
#ifndef MKVCORE_STORE_VALUE_READER_H_
#define MKVCORE_STORE_VALUE_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/store/object.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// No replica could deliver the rest of the value.
class ReadError : public std::runtime_error {
 public:
  ReadError(const std::string& what, bool damaged) : std::runtime_error(what), damaged_(damaged) {}
  // The bytes that came are not those that were stored.
  bool damaged() const { return damaged_; }

 private:
  bool damaged_;
};

class ValueReader {
 public:
  // `store` and `object` outlive the reader. `size` is that of the whole value.
  ValueReader(Store& store, const Object& object, std::uint64_t size);

  // Hands the bytes [offset, offset + length) to `sink`, in order. Throws ReadError, and what the
  // sink throws.
  void Read(std::uint64_t offset, std::uint64_t length,
            const std::function<void(std::string_view piece)>& sink);

  // The volumes whose replica was found missing, short or damaged: to be repaired.
  const std::vector<std::string>& bad_volumes() const { return bad_volumes_; }

 private:
  Store& store_;
  const Object& object_;
  std::vector<BlobLocation> replicas_;
  std::uint64_t size_;
  std::optional<std::uint32_t> crc32c_;
  std::vector<std::string> bad_volumes_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_VALUE_READER_H_
