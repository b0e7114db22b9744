#include "tests/support/raw_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <system_error>

namespace mkv::testing {

RawConnection::RawConnection(std::uint16_t port)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  // Pieces sent apart are to arrive apart.
  const int on = 1;
  setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

ssize_t RawConnection::SendSome(std::string_view bytes) {
  return send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

ssize_t RawConnection::ReceiveSome(std::span<char> buffer) {
  return recv(fd(), buffer.data(), buffer.size(), 0);
}

bool RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = SendSome(bytes);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawConnection::Receive(Deadline deadline) {
  while (!closed_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = fd(), .events = POLLIN, .revents = 0};
    const int count =
        HasPending() ? 1 : poll(&ready, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    std::array<char, 16384> piece{};
    const ssize_t received = ReceiveSome(piece);
    if (received < 0 && errno == EINTR) {
      continue;
    }
    if (received > 0) {
      buffer_.append(piece.data(), static_cast<std::size_t>(received));
      return true;
    }
    closed_ = true;
  }
  return false;
}

std::string RawConnection::Take(std::size_t count) {
  count = std::min(count, buffer_.size());
  std::string taken = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return taken;
}

std::string RawConnection::ReadUntil(std::string_view end, std::chrono::milliseconds timeout) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::size_t at = 0;
  while ((at = buffer_.find(end)) == std::string::npos) {
    if (!Receive(deadline)) {
      return Take(buffer_.size());
    }
  }
  return Take(at + end.size());
}

std::string RawConnection::ReadResponse(bool after_head, std::chrono::milliseconds timeout) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::string response = ReadUntil("\r\n\r\n", timeout);
  if (after_head) {
    return response;
  }
  std::string lower = response;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kLength = "\r\ncontent-length:";
  const auto at = lower.find(kLength);
  if (at == std::string::npos) {
    return response;
  }
  const std::size_t length = std::stoull(lower.substr(at + kLength.size()));
  while (buffer_.size() < length && Receive(deadline)) {
  }
  return response + Take(length);
}

std::string RawConnection::ReadToEnd(std::chrono::milliseconds timeout) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  while (Receive(deadline)) {
  }
  return Take(buffer_.size());
}

bool RawConnection::AwaitClose(std::chrono::milliseconds timeout) {
  ReadToEnd(timeout);
  return closed_;
}

void RawConnection::ShutdownWrite() { shutdown(fd(), SHUT_WR); }

void RawConnection::Reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.Close();
}

}  // namespace mkv::testing
