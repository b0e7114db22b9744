#include "tests/volumes/misbehaving_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace mkv::testing {

MisbehavingServer::Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

ssize_t MisbehavingServer::Connection::Receive(std::span<char> buffer) {
  // A test that hangs shall fail and not wait for ever.
  constexpr int kPatienceMillis = 10'000;
  pollfd ready[2] = {{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
  if (::poll(ready, 2, kPatienceMillis) <= 0 || ready[1].revents != 0) return -1;
  return ::recv(fd_, buffer.data(), buffer.size(), 0);
}

std::string MisbehavingServer::Connection::ReadHead() {
  std::array<char, 4096> buffer;
  std::size_t end = 0;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    const ssize_t bytes = Receive(buffer);
    if (bytes <= 0) return "";
    unread_.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  const std::string head = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  return head;
}

std::size_t MisbehavingServer::Connection::ReadBody(std::size_t bytes) {
  std::array<char, 65536> buffer;
  std::size_t read = std::min(bytes, unread_.size());
  unread_.erase(0, read);
  while (read < bytes) {
    const ssize_t got = Receive(std::span(buffer).first(std::min(buffer.size(), bytes - read)));
    if (got <= 0) break;
    read += static_cast<std::size_t>(got);
  }
  return read;
}

std::string MisbehavingServer::Connection::ReadText(std::size_t bytes) {
  std::array<char, 4096> buffer;
  while (unread_.size() < bytes) {
    const ssize_t got = Receive(buffer);
    if (got <= 0) break;
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const std::string text = unread_.substr(0, bytes);
  unread_.erase(0, bytes);
  return text;
}

void MisbehavingServer::Connection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void MisbehavingServer::Connection::Reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(fd_, -1));
}

void MisbehavingServer::Connection::AwaitClose() { ReadBody(static_cast<std::size_t>(-1)); }

MisbehavingServer::MisbehavingServer(Behaviour behaviour)
    : behaviour_(std::move(behaviour)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, length) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &length) != 0 || ::pipe2(stop_, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "no listener");
  }
  port_ = ntohs(address.sin_port);
  listening_ = std::thread([this] { Serve(); });
}

MisbehavingServer::~MisbehavingServer() {
  ::close(stop_[1]);
  listening_.join();
  for (std::thread& thread : serving_) thread.join();
  ::close(stop_[0]);
  ::close(listener_);
}

void MisbehavingServer::StopListening() { ::shutdown(listener_, SHUT_RD); }

void MisbehavingServer::Serve() {
  while (true) {
    pollfd ready[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 || ready[1].revents != 0) return;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    serving_.emplace_back([this, fd, number = connections_++] {
      Connection connection(fd, stop_[0]);
      behaviour_(connection, number);
    });
  }
}

}  // namespace mkv::testing
