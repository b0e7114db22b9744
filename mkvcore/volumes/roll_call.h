// Asks volumes once whether they are there, in the background, and warns in the log of those that
// are not what they should be: closed to this gateway (the key), or no volume at all. One that does
// not answer is told by VolumeHealth. A wrong list or key so shows when a server starts, and not
// when the first value is stored; as does a wrong index, when there is none yet and values are.
//
// Thread-safe; nothing here waits for a volume, the destructor neither.
#ifndef MKVCORE_VOLUMES_ROLL_CALL_H_
#define MKVCORE_VOLUMES_ROLL_CALL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/loop_volume_client.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class RollCall {
 public:
  // `client` outlives it: volumes are asked as it does, and its VolumeHealth is told.
  explicit RollCall(VolumeClient& client);
  // Who has not answered is not waited for.
  ~RollCall();
  RollCall(const RollCall&) = delete;
  RollCall& operator=(const RollCall&) = delete;

  void Call(std::vector<std::string> volumes);
  // The same, and warns of volumes that hold values while the index is empty: these would be
  // written over, key by key. `index_is_empty` is asked on a thread of its own, and outlives this;
  // once it says no, what is found may have been written since.
  void CallForNewIndex(std::vector<std::string> volumes, std::function<bool()> index_is_empty);

 private:
  // What the volume has at its root, if it lists that.
  using Then = std::function<void(const std::string& listing)>;
  void Ask(const BlobLocation& root, const Then& then);
  // Warns, once, if there is a folder of values in `folder` or in a subvolume in it.
  void LookForValues(const BlobLocation& folder, const std::string& listing,
                     const std::function<bool()>& index_is_empty,
                     const std::shared_ptr<bool>& warned);

  const std::size_t listing_bytes_;
  EventLoop loop_;
  LoopVolumeClient client_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_ROLL_CALL_H_
