#include "mkvcore/http/client_socket.h"

#include <Poco/Exception.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace mkv::http {
namespace {

int Clamp(std::size_t bytes) {
  return static_cast<int>(
      std::min(bytes, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

// What an exception of a read or a write means. Poco throws for a full socket buffer, though not
// for an empty one; all else is one way or another of being gone.
ClientSocket::Transferred Explain(const Poco::Exception& error) {
  const bool would_block = error.code() == EAGAIN || error.code() == EWOULDBLOCK;
  return {would_block ? ClientSocket::Transferred::State::kWouldBlock
                      : ClientSocket::Transferred::State::kClosed,
          0};
}

}  // namespace

ClientSocket::ClientSocket(const Poco::Net::StreamSocket& socket)
    : socket_(socket), fd_(socket_.impl()->sockfd()) {}

ClientSocket::~ClientSocket() = default;

ClientSocket::Transferred ClientSocket::Read(std::span<char> buffer) {
  try {
    const int got = socket_.receiveBytes(buffer.data(), Clamp(buffer.size()));
    if (got > 0) return {Transferred::State::kSome, static_cast<std::size_t>(got)};
    if (got < 0) return {Transferred::State::kWouldBlock, 0};
    return {Transferred::State::kClosed, 0};
  } catch (const Poco::Exception& error) {
    return Explain(error);
  }
}

ClientSocket::Transferred ClientSocket::Write(std::string_view bytes, bool more) {
  try {
    // Without MSG_NOSIGNAL a client that left would end the process.
    const int put =
        socket_.sendBytes(bytes.data(), Clamp(bytes.size()), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (put >= 0) return {Transferred::State::kSome, static_cast<std::size_t>(put)};
    return {Transferred::State::kWouldBlock, 0};
  } catch (const Poco::Exception& error) {
    return Explain(error);
  }
}

void ClientSocket::ShutdownWrite() {
  try {
    socket_.shutdownSend();
  } catch (const Poco::Exception&) {
    // Not connected any more: the next read says so.
  }
}

void ClientSocket::Interrupt() { ::shutdown(fd_, SHUT_RDWR); }

void ClientSocket::Close() { socket_.close(); }

void ClientSocket::Reset() {
  try {
    socket_.setLinger(true, 0);
  } catch (const Poco::Exception&) {
    // Already reset by the client.
  }
  socket_.close();
}

}  // namespace mkv::http
