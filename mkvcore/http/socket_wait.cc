#include "mkvcore/http/socket_wait.h"

#include <poll.h>

#include <algorithm>

#include "mkvcore/http/handler.h"

namespace mkv::http {

void WaitFor(int fd, short events, const RateGuard& guard) {
  const auto now = RateGuard::Clock::now();
  const auto wait = std::clamp<RateGuard::Clock::duration>(
      guard.Deadline(now) - now, RateGuard::Clock::duration::zero(), kLongestWait);
  pollfd entry{fd, events, 0};
  // An interrupted or failed poll is as good as a ready one: the caller tries and sees.
  ::poll(&entry, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
}

void SendAll(ClientSocket& socket, std::string_view bytes, bool more, RateGuard& guard) {
  while (!bytes.empty()) {
    const auto sent = socket.Write(bytes, more);
    const auto now = RateGuard::Clock::now();
    switch (sent.state) {
      case ClientSocket::Transferred::State::kSome:
        guard.Moved(sent.bytes, now);
        bytes.remove_prefix(sent.bytes);
        break;
      case ClientSocket::Transferred::State::kClosed:
        throw TransferError(0, "the client closed the connection");
      case ClientSocket::Transferred::State::kWouldBlock:
        guard.BeginWait(now);
        if (guard.TooSlow(now)) throw TransferError(0, "the client takes its answer too slowly");
        WaitFor(socket.fd(), POLLOUT, guard);
        break;
    }
  }
}

}  // namespace mkv::http
