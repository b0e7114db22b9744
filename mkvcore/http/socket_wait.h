// Blocking with a deadline on a client's socket, for worker threads.
#ifndef MKVCORE_HTTP_SOCKET_WAIT_H_
#define MKVCORE_HTTP_SOCKET_WAIT_H_

#include <chrono>
#include <string_view>

#include "mkvcore/http/client_socket.h"
#include "mkvcore/http/rate_guard.h"

namespace mkv::http {

// Nobody waits for a socket longer than this without looking at the clock again (see
// Source::poll_fd()).
inline constexpr std::chrono::seconds kLongestWait{1};

// Blocks until one of the poll(2) `events` is there, for at most kLongestWait.
void WaitFor(int fd, short events, const RateGuard& guard);

// Blocks until the socket took all of `bytes`. Throws TransferError with status 0 when the client
// is gone or takes less than the guard's rate.
void SendAll(ClientSocket& socket, std::string_view bytes, bool more, RateGuard& guard);

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_SOCKET_WAIT_H_
