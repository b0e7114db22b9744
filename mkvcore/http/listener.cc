#include "mkvcore/http/listener.h"

#include <Poco/Exception.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "mkvcore/http/connection.h"

namespace mkv::http {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn
constexpr int kAcceptsAtOnce = 64;
constexpr std::chrono::milliseconds kPause{50};
// At the limit, connections without a request for this long make room for new ones.
constexpr std::chrono::seconds kIdleEnough{1};
constexpr std::size_t kIdleClosedAtOnce = 64;

class AcceptedSocket : public Poco::Net::StreamSocket {
 public:
  explicit AcceptedSocket(int fd) : StreamSocket(new Poco::Net::StreamSocketImpl(fd)) {}
};

bool IsLoopback(const Poco::Net::IPAddress& address) {
  if (address.isLoopback()) return true;
  if (address.family() != Poco::Net::IPAddress::IPv6 || !address.isIPv4Mapped()) return false;
  return static_cast<const unsigned char*>(address.addr())[12] == 127;
}

void Bind(Poco::Net::ServerSocket& socket, const Poco::Net::SocketAddress& address,
          bool reuse_port) {
  if (address.family() == Poco::Net::SocketAddress::IPv6) {
    socket.bind6(address, true, reuse_port, false);
  } else {
    socket.bind(address, true, reuse_port);
  }
}

}  // namespace

Poco::Net::SocketAddress FindFreeAddress(const ServerOptions& options) {
  const Poco::Net::SocketAddress wanted(options.address, options.port);
  Poco::Net::ServerSocket probe;
  Bind(probe, wanted, false);
  return Poco::Net::SocketAddress(wanted.host(), probe.address().port());
}

Listener::Listener(const Poco::Net::SocketAddress& address, std::shared_ptr<LoopState> loop)
    : loop_(std::move(loop)) {
  Bind(socket_, address, true);
  socket_.listen(kBacklog);
  socket_.setBlocking(false);
}

Listener::~Listener() = default;

void Listener::Start() {
  loop_->events.Watch(socket_.impl()->sockfd(), EPOLLIN, [this](std::uint32_t) { Accept(); });
}

void Listener::Stop() {
  while (AcceptOne()) {
  }
  loop_->events.Unwatch(socket_.impl()->sockfd());
  if (resume_ != 0) loop_->events.Cancel(resume_);
  socket_.close();
}

void Listener::Accept() {
  for (int i = 0; i < kAcceptsAtOnce && AcceptOne(); ++i) {
  }
}

bool Listener::AcceptOne() {
  if (loop_->server->connections.Get() >= loop_->server->options.max_connections) {
    CloseIdleConnections();
    Pause();
    return false;
  }
  sockaddr_storage storage{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t length = sizeof storage;
  const int fd =
      ::accept4(socket_.impl()->sockfd(), address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      spdlog::warn("can not accept a connection: {}", std::strerror(errno));
      CloseIdleConnections();
      Pause();
      return false;
    }
    // Those that were gone before they were accepted do not end the round.
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  }
  try {
    AcceptedSocket socket(fd);
    socket.setBlocking(false);
    socket.setNoDelay(true);
    const Poco::Net::SocketAddress peer(address, length);
    const auto& tls = loop_->server->tls;
    std::make_shared<Connection>(loop_, socket, tls ? tls->Accept(fd) : nullptr, peer.toString(),
                                 IsLoopback(peer.host()))
        ->Open();
  } catch (const Poco::Exception& error) {
    // Reset by the client before its options could be set.
    spdlog::debug("connection lost while it was accepted: {}", error.displayText());
  }
  return true;
}

void Listener::Pause() {
  if (resume_ != 0) return;
  const int fd = socket_.impl()->sockfd();
  loop_->events.ChangeWatch(fd, 0);
  resume_ = loop_->events.RunAt(EventLoop::Clock::now() + kPause, [this, fd] {
    resume_ = 0;
    loop_->events.ChangeWatch(fd, EPOLLIN);
  });
}

void Listener::CloseIdleConnections() {
  const auto since = EventLoop::Clock::now() - kIdleEnough;
  std::vector<std::shared_ptr<Connection>> idle;
  for (const auto& [key, connection] : loop_->connections) {
    if (!connection->IdleSince(since)) continue;
    idle.push_back(connection);
    if (idle.size() == kIdleClosedAtOnce) break;
  }
  for (const auto& connection : idle) connection->Abandon();
}

}  // namespace mkv::http
