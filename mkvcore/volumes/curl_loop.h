// Drives a libcurl multi handle by an event loop, as libcurl's "multi_socket" interface has it:
// libcurl says what to watch and when to be called again, the loop tells it what has become ready.
//
// Loop thread only. A transfer whose socket can not be watched ends when its time is over. The
// callback may start further transfers on the multi handle, and may Close().
#ifndef MKVCORE_VOLUMES_CURL_LOOP_H_
#define MKVCORE_VOLUMES_CURL_LOOP_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "mkvcore/event_loop/event_loop.h"

namespace mkv {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  // `on_progress` runs, from the loop, whenever transfers may have come to their end: the time to
  // ask curl_multi_info_read().
  CurlLoop(EventLoop& loop, CURLM* multi, std::function<void()> on_progress);
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Nothing is watched and called back any more. To be called before the multi handle goes.
  void Close();

 private:
  static int OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int OnTimer(CURLM*, long milliseconds, void* self) noexcept;
  void Watch(int socket, int what);
  void SetTimer(long milliseconds);
  void Act(curl_socket_t socket, int flags);

  EventLoop& loop_;
  CURLM* const multi_;
  std::function<void()> on_progress_;
  std::set<int> watched_;
  std::optional<EventLoop::TimerId> timer_;
  bool closed_ = false;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_CURL_LOOP_H_
