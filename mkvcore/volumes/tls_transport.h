// Carries a LoopVolumeClient's requests over TLS: libcurl, driven by the loop.
//
// No PUTs: libcurl sends a request again by itself when a kept connection turns out to be dead, and
// of a PUT it must be known whether the first try may still be carried out. That of a DELETE is not
// told either: nginx carries out nothing that comes over a connection that it has closed.
#ifndef MKVCORE_VOLUMES_TLS_TRANSPORT_H_
#define MKVCORE_VOLUMES_TLS_TRANSPORT_H_

#include <memory>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/loop_request.h"
#include "mkvcore/volumes/volume_options.h"

namespace mkv {

class TlsTransport final : public LoopTransport {
 public:
  TlsTransport(EventLoop& loop, const VolumeOptions& options);
  ~TlsTransport() override;

  // Throws std::logic_error for a PUT.
  void Start(LoopRequest request) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_TLS_TRANSPORT_H_
