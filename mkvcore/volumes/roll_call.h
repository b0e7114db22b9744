// Asks volumes once whether they are there, in the background, and warns in the log of those that
// are not what they should be: closed to this gateway (the key), or no volume at all. One that does
// not answer is told by VolumeHealth. A wrong list or key so shows when a server starts, and not
// when the first value is stored.
//
// Thread-safe.
#ifndef MKVCORE_VOLUMES_ROLL_CALL_H_
#define MKVCORE_VOLUMES_ROLL_CALL_H_

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class RollCall {
 public:
  // `client` outlives it. The destructor waits for the answers that are still to come.
  explicit RollCall(VolumeClient& client) : client_(client) {}

  void Call(std::vector<std::string> volumes);

 private:
  void Ask(const std::vector<std::string>& volumes, const std::stop_token& stop);

  VolumeClient& client_;
  std::mutex mutex_;
  std::jthread thread_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_ROLL_CALL_H_
