// A CurlSession that can be waited for together with other things: its descriptor is readable while
// a request has something to do. libcurl tells of no descriptor that a request under way could be
// polled by (CURLINFO_ACTIVESOCKET is for when it is over), but of all of them to an event loop,
// which has a descriptor of its own.
//
// A PollableSession belongs to one thread at a time; a SessionPool hands them out to any.
#ifndef MKVCORE_VOLUMES_POLLABLE_SESSION_H_
#define MKVCORE_VOLUMES_POLLABLE_SESSION_H_

#include <functional>
#include <memory>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/curl_session.h"

namespace mkv {

class CurlLoop;

class PollableSession {
 public:
  using Clock = EventLoop::Clock;

  // Throws std::runtime_error as CurlSession does, and when the process is out of descriptors.
  explicit PollableSession(const VolumeOptions& options);
  ~PollableSession();
  PollableSession(const PollableSession&) = delete;
  PollableSession& operator=(const PollableSession&) = delete;

  // For requests. It must not Perform() or Wait() itself.
  CurlSession& curl() { return curl_; }

  // Moves once what moves without waiting. False: nothing did, so wait.
  bool Perform();
  // Waits until `done()`, or it is `deadline`.
  void PerformUntil(const std::function<bool()>& done, Clock::time_point deadline);

  // Readable (POLLIN) while Perform() has something to do; not when a time that was set is over.
  int fd() const { return loop_.fd(); }

 private:
  EventLoop loop_;
  CurlSession curl_;
  std::shared_ptr<CurlLoop> driver_;
  bool moved_ = false;  // in this round
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_POLLABLE_SESSION_H_
