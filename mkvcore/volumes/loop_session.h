// Small requests for threads that wait: an event loop that the calling thread runs itself until
// what it asked is answered. Its sockets cost half of what libcurl does for such a request, and
// small requests cost little else.
//
// A LoopSession belongs to one thread at a time; a SessionPool hands them out to any.
#ifndef MKVCORE_VOLUMES_LOOP_SESSION_H_
#define MKVCORE_VOLUMES_LOOP_SESSION_H_

#include <functional>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/loop_volume_client.h"

namespace mkv {

class VolumeHealth;

class LoopSession {
 public:
  LoopSession(const VolumeOptions& options, VolumeHealth& health)
      : client_(loop_, options, health) {}

  LoopVolumeClient& client() { return client_; }

  // Returns once `done()`: when the callbacks of what was asked of client() have run. Those
  // callbacks own what they write to: starting one of several requests may throw while others are
  // under way.
  void RunUntil(const std::function<bool()>& done) { loop_.RunUntil(done); }

 private:
  EventLoop loop_;
  LoopVolumeClient client_;  // after loop_: ends before it
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_SESSION_H_
