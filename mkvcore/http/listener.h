// Accepts connections for one loop.
//
// All loops listen on one address, each with its own SO_REUSEPORT socket: the kernel spreads new
// connections over them, and no loop wakes up for another's.
#ifndef MKVCORE_HTTP_LISTENER_H_
#define MKVCORE_HTTP_LISTENER_H_

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

#include <memory>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/http/server_state.h"

namespace mkv::http {

// The address of `options`, with a free port where port 0 is asked for. SO_REUSEPORT would let two
// servers of one user share a port without a word, so the port is first bound without it. Throws
// Poco::Exception.
Poco::Net::SocketAddress FindFreeAddress(const ServerOptions& options);

// Loop thread only, but for the constructor.
class Listener {
 public:
  // Binds and listens. Throws Poco::Exception. `loop` outlives the listener.
  Listener(const Poco::Net::SocketAddress& address, std::shared_ptr<LoopState> loop);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Start();
  // Takes what the kernel has already accepted (it would be reset), then closes.
  void Stop();

 private:
  // False when nothing is there, or nothing can be taken.
  bool AcceptOne();
  void Accept();
  // Out of descriptors or connections: accepting again and again would only spin.
  void Pause();
  void CloseIdleConnections();

  std::shared_ptr<LoopState> loop_;
  Poco::Net::ServerSocket socket_;
  EventLoop::TimerId resume_ = 0;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_LISTENER_H_
