// A read of a value, or of a part of it, that no digest checks: of a range, or of a value that the
// original wrote.
//
//   const UncheckedRead read(store, object);
//   ... asks replicas for bytes, and keeps the last of them back ...
//   read.Confirm();
//
// One thread at a time.
#ifndef MKVCORE_STORE_UNCHECKED_READ_H_
#define MKVCORE_STORE_UNCHECKED_READ_H_

#include <optional>

#include "mkvcore/store/object.h"
#include "mkvcore/store/reads_under_way.h"
#include "mkvcore/store/store.h"

namespace mkv {

class UncheckedRead {
 public:
  // To be made before any replica is asked; `store` outlives it. Throws ReadError when the key has
  // another value already, or none.
  UncheckedRead(Store& store, const Object& object);

  // Throws ReadError unless all that was read at the object's path until now was its value.
  void Confirm() const;

 private:
  std::optional<ReadsUnderWay::Read> plain_;  // where the path may be used again
};

}  // namespace mkv

#endif  // MKVCORE_STORE_UNCHECKED_READ_H_
