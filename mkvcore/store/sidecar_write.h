// The sidecars of a value that is there already, written anew: announced like any other file
// (blob_write.h), so that what a volume carries out late meets neither a newer sidecar nor, once
// the value is gone, nobody who would delete it.
//
// One at a time for a value: who finds one under way awaits its end, or gives up. One thread.
#ifndef MKVCORE_STORE_SIDECAR_WRITE_H_
#define MKVCORE_STORE_SIDECAR_WRITE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "mkvcore/store/blob_write.h"

namespace mkv {

class SidecarWrite {
 public:
  // `pending_id` is from the store's GenerationClock.
  SidecarWrite(Index& index, HandledBlobs& handled, std::uint64_t pending_id)
      : write_(index, handled, pending_id) {}

  // Adds the intent to `state`, which has the value, and which the caller commits before Write().
  // `volumes` are of its record, and nothing is pending there.
  void Announce(KeyState& state, const std::vector<std::string>& volumes);

  // True when every volume took it.
  bool Write(VolumeClient& volumes, std::string sidecar);

  // In `state`, about to be committed: where it `holds`, what was taken stays, if the value is
  // still there. All else is garbage: the collector writes it anew, or deletes it with the value.
  // True if there is any.
  bool Settle(KeyState& state, bool holds) const;
  // After an exception; never throws. True if it left anything.
  bool Abandon() noexcept { return write_.Abandon(); }

 private:
  BlobWrite write_;
  std::vector<std::string> volumes_;
  std::vector<std::string> taken_by_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_SIDECAR_WRITE_H_
