#include "mkvcore/volumes/curl_loop.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>

namespace mkv {

CurlLoop::CurlLoop(EventLoop& loop, CURLM* multi, std::function<void()> on_progress)
    : loop_(loop), multi_(multi), on_progress_(std::move(on_progress)) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

void CurlLoop::Close() {
  if (closed_) return;
  closed_ = true;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  for (const int socket : watched_) loop_.Unwatch(socket);
  watched_.clear();
  if (timer_) loop_.Cancel(*timer_);
  timer_.reset();
}

int CurlLoop::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  // To tell libcurl would end every transfer of the handle and the handle itself. A socket that the
  // kernel does not watch (epoll_ctl's ENOSPC) only costs its own transfer: its time runs out.
  try {
    static_cast<CurlLoop*>(self)->Watch(socket, what);
  } catch (const std::exception& error) {
    spdlog::error("a connection to a volume can not be watched: {}", error.what());
  }
  return 0;
}

int CurlLoop::OnTimer(CURLM*, long milliseconds, void* self) noexcept {
  static_cast<CurlLoop*>(self)->SetTimer(milliseconds);
  return 0;
}

void CurlLoop::Watch(int socket, int what) {
  if (closed_) return;
  if (what == CURL_POLL_REMOVE) {
    if (watched_.erase(socket) > 0) loop_.Unwatch(socket);
    return;
  }
  std::uint32_t events = 0;
  if (what != CURL_POLL_OUT) events |= EPOLLIN;
  if (what != CURL_POLL_IN) events |= EPOLLOUT;
  if (watched_.contains(socket)) {
    loop_.ChangeWatch(socket, events);
    return;
  }
  loop_.Watch(socket, events, [this, socket](std::uint32_t ready) {
    int flags = 0;
    if (ready & (EPOLLIN | EPOLLHUP)) flags |= CURL_CSELECT_IN;
    if (ready & EPOLLOUT) flags |= CURL_CSELECT_OUT;
    if (ready & EPOLLERR) flags |= CURL_CSELECT_ERR;
    Act(socket, flags);
  });
  watched_.insert(socket);
}

void CurlLoop::SetTimer(long milliseconds) {
  if (closed_) return;
  if (timer_) loop_.Cancel(*timer_);
  timer_.reset();
  if (milliseconds < 0) return;
  const auto when = EventLoop::Clock::now() + std::chrono::milliseconds(milliseconds);
  timer_ = loop_.RunAt(when, [this] {
    timer_.reset();
    Act(CURL_SOCKET_TIMEOUT, 0);
  });
}

void CurlLoop::Act(curl_socket_t socket, int flags) {
  const auto keep_alive = shared_from_this();
  int running = 0;
  curl_multi_socket_action(multi_, socket, flags, &running);
  on_progress_();
}

}  // namespace mkv
