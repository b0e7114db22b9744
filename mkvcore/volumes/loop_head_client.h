// Asks volumes for blobs (HEAD) from within an event loop, without blocking it.
//
// One for each loop, with keep-alive connections of its own. Used, and destroyed, on the loop's
// thread (or when the loop does not run).
#ifndef MKVCORE_VOLUMES_LOOP_HEAD_CLIENT_H_
#define MKVCORE_VOLUMES_LOOP_HEAD_CLIENT_H_

#include <functional>
#include <memory>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class LoopHeadClient {
 public:
  using Callback = std::function<void(VolumeAnswer)>;

  // `loop` and `health` outlive the client; every answer and failure is reported to `health`.
  LoopHeadClient(EventLoop& loop, const VolumeOptions& options, VolumeHealth& health);
  // What is under way is dropped: its callbacks do not run.
  ~LoopHeadClient();
  LoopHeadClient(const LoopHeadClient&) = delete;
  LoopHeadClient& operator=(const LoopHeadClient&) = delete;

  // Asks; `done` runs once, from the loop and never inside this call, at the latest after
  // VolumeTimeouts::head. It may call Head() again, and may destroy the client.
  void Head(const BlobLocation& blob, Callback done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_HEAD_CLIENT_H_
