// Asks volumes for blobs (HEAD), and reads small ones (GET), from within an event loop, without
// blocking it.
//
// One for each loop, with keep-alive connections of its own. Used, and destroyed, on the loop's
// thread (or when the loop does not run).
#ifndef MKVCORE_VOLUMES_LOOP_VOLUME_CLIENT_H_
#define MKVCORE_VOLUMES_LOOP_VOLUME_CLIENT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

class LoopVolumeClient {
 public:
  using Callback = std::function<void(VolumeAnswer)>;
  // `value` is the whole of the blob when the answer is ok().
  using ValueCallback = std::function<void(const VolumeAnswer&, std::string value)>;

  // `loop` and `health` outlive the client; every answer and failure is reported to `health`.
  LoopVolumeClient(EventLoop& loop, const VolumeOptions& options, VolumeHealth& health);
  // What is under way is dropped: its callbacks do not run.
  ~LoopVolumeClient();
  LoopVolumeClient(const LoopVolumeClient&) = delete;
  LoopVolumeClient& operator=(const LoopVolumeClient&) = delete;

  // Asks; `done` runs once, from the loop and never inside this call, at the latest after
  // VolumeTimeouts::head. It may call Head() again, and may destroy the client.
  void Head(const BlobLocation& blob, Callback done);
  // The same with the value. One that is not `size` bytes long is no answer: delivery is
  // kUnanswered.
  void Get(const BlobLocation& blob, std::size_t size, ValueCallback done);

  // How many of these are under way.
  std::size_t under_way() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_VOLUME_CLIENT_H_
