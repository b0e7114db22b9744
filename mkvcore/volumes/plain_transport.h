// Carries a LoopVolumeClient's requests over plain HTTP: kept connections on bare sockets.
//
// Connections are used for at most kConnectionAge (session_pool.h). One that turns out to be dead
// before any answer came was closed by the volume while it was idle: the request is then sent once
// more, over a new one. Where the volume may have received it before, what was received first may
// still be carried out: the answer to a PUT or DELETE says so (may_land_again), and one to a PUT
// that does not say that the value was stored, and any to a DELETE, then counts as none
// (kUnanswered).
#ifndef MKVCORE_VOLUMES_PLAIN_TRANSPORT_H_
#define MKVCORE_VOLUMES_PLAIN_TRANSPORT_H_

#include <cstddef>
#include <memory>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/loop_request.h"
#include "mkvcore/volumes/volume_options.h"

namespace mkv {

class PlainTransport final : public LoopTransport {
 public:
  // `idle_of_host`: how many idle connections are kept to each host.
  PlainTransport(EventLoop& loop, const VolumeOptions& options, std::size_t idle_of_host);
  ~PlainTransport() override;

  void Start(LoopRequest request) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_PLAIN_TRANSPORT_H_
