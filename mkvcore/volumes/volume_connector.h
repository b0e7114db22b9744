// Connects to volumes from within an event loop. libcurl does it (names are looked up on a thread
// of its own, addresses of both families are tried) and hands the socket over: what is then sent on
// it is the owner's affair.
//
// Loop thread only.
#ifndef MKVCORE_VOLUMES_VOLUME_CONNECTOR_H_
#define MKVCORE_VOLUMES_VOLUME_CONNECTOR_H_

#include <functional>
#include <memory>
#include <string>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/volume_options.h"

namespace mkv {

class VolumeConnector {
 public:
  // `socket` is non-blocking, closed on exec, and the callback's to close; -1, and `error` for
  // people, when there is none.
  using Connected = std::function<void(int socket, const std::string& error)>;

  VolumeConnector(EventLoop& loop, const VolumeOptions& options);
  // What is under way is dropped: its callbacks do not run.
  ~VolumeConnector();
  VolumeConnector(const VolumeConnector&) = delete;
  VolumeConnector& operator=(const VolumeConnector&) = delete;

  // `host` as in VolumeHost(). `done` runs once, from the loop and never inside this call, at the
  // latest after VolumeTimeouts::connect. It may destroy the connector.
  void Connect(const std::string& host, Connected done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_CONNECTOR_H_
