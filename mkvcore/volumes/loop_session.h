// Small requests for threads that wait: an event loop that the calling thread runs itself until
// what it asked is answered. Its sockets cost half of what libcurl does for such a request, and
// small requests cost little else.
//
// A LoopSession belongs to one thread at a time; a SessionPool hands them out to any.
#ifndef MKVCORE_VOLUMES_LOOP_SESSION_H_
#define MKVCORE_VOLUMES_LOOP_SESSION_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/volumes/loop_volume_client.h"
#include "mkvcore/volumes/session_pool.h"

namespace mkv {

class VolumeHealth;

class LoopSession {
 public:
  // Idle connections that are kept to each host.
  static constexpr std::size_t kIdleOfHost = 64;

  LoopSession(const VolumeOptions& options, VolumeHealth& health)
      : client_(loop_, options, health, kIdleOfHost) {}

  // Asks by `start(client)`, and returns once `done()`: when the callbacks of all requests have
  // run. After an exception, requests may still be under way: their callbacks own what they write
  // to, and the session must not be used any more.
  template <typename Start>
  void Ask(const Start& start, const std::function<bool()>& done) {
    if (EventLoop::Clock::now() - last_used_ > kFreshFor) NoticeClosedConnections();
    start(client_);
    loop_.RunUntil(done);
    last_used_ = EventLoop::Clock::now();
  }

 private:
  // Nobody looks at the connections between two uses. One that the volume has closed meanwhile is
  // noticed by what is sent over it, too, but then a DELETE counts as unanswered.
  static constexpr std::chrono::seconds kFreshFor{1};

  void NoticeClosedConnections() {
    bool looked = false;
    loop_.RunAt(EventLoop::Clock::now(), [&looked] { looked = true; });
    loop_.RunUntil([&looked] { return looked; });
  }

  EventLoop loop_;
  LoopVolumeClient client_;  // after loop_: ends before it
  EventLoop::Clock::time_point last_used_ = EventLoop::Clock::now();
};

// LoopSession::Ask() with one of the pool. One that threw does not go back: what it has under way
// would go on when the next one uses it.
template <typename Start>
void AskOver(SessionPool<LoopSession>& sessions, const Start& start,
             const std::function<bool()>& done) {
  auto session = sessions.Borrow();
  try {
    session->Ask(start, done);
  } catch (...) {
    const std::unique_ptr<LoopSession> ended(session.release());
    throw;
  }
}

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOOP_SESSION_H_
