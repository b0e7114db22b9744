#include "mkvcore/http/client_socket.h"

#include <Poco/Exception.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
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

ClientSocket::ClientSocket(const Poco::Net::StreamSocket& socket, TlsConnection tls)
    : socket_(socket), fd_(socket_.impl()->sockfd()), tls_(std::move(tls)) {}

ClientSocket::~ClientSocket() = default;

ClientSocket::Transferred ClientSocket::Read(std::span<char> buffer) {
  if (tls_) return ReadTls(buffer);
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
  if (tls_) return WriteTls(bytes);
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

// OpenSSL keeps its errors in a queue for each thread, which has to be empty before a call for its
// result to be understood: the connections of a loop share one.

ClientSocket::Handshaken ClientSocket::Handshake() {
  ERR_clear_error();
  wants_write_ = false;
  const int result = SSL_do_handshake(tls_.get());
  if (result == 1) return Handshaken::kDone;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Handshaken::kWaiting;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return Handshaken::kWaiting;
    default:
      tls_broken_ = true;
      return Handshaken::kFailed;
  }
}

bool ClientSocket::has_buffered() const { return tls_ && SSL_pending(tls_.get()) > 0; }

ClientSocket::Transferred ClientSocket::ReadTls(std::span<char> buffer) {
  if (tls_broken_) return {Transferred::State::kClosed, 0};
  ERR_clear_error();
  wants_write_ = false;
  std::size_t got = 0;
  const int result = SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &got);
  if (result == 1) return {Transferred::State::kSome, got};
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Transferred::State::kWouldBlock, 0};
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return {Transferred::State::kWouldBlock, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Transferred::State::kClosed, 0};
    default:
      tls_broken_ = true;
      return {Transferred::State::kClosed, 0};
  }
}

ClientSocket::Transferred ClientSocket::WriteTls(std::string_view bytes) {
  if (bytes.empty()) return {Transferred::State::kSome, 0};
  if (tls_broken_) return {Transferred::State::kClosed, 0};
  ERR_clear_error();
  std::size_t put = 0;
  const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &put);
  write_blocked_ = false;
  if (result == 1) return {Transferred::State::kSome, put};
  if (SSL_get_error(tls_.get(), result) == SSL_ERROR_WANT_WRITE) {
    write_blocked_ = true;
    return {Transferred::State::kWouldBlock, 0};
  }
  // Without renegotiation a write never waits for a read.
  tls_broken_ = true;
  return {Transferred::State::kClosed, 0};
}

void ClientSocket::SendCloseNotify() {
  if (!tls_ || tls_broken_ || write_blocked_ || !SSL_is_init_finished(tls_.get())) return;
  ERR_clear_error();
  SSL_shutdown(tls_.get());
}

void ClientSocket::ShutdownWrite() {
  SendCloseNotify();
  try {
    socket_.shutdownSend();
  } catch (const Poco::Exception&) {
    // Not connected any more: the next read says so.
  }
}

void ClientSocket::Interrupt() { ::shutdown(fd_, SHUT_RDWR); }

void ClientSocket::Close() {
  SendCloseNotify();
  tls_broken_ = true;
  socket_.close();
}

void ClientSocket::Reset() {
  try {
    socket_.setLinger(true, 0);
  } catch (const Poco::Exception&) {
    // Already reset by the client.
  }
  // OpenSSL would go on writing to the descriptor's number, which may be another socket's next.
  tls_broken_ = true;
  socket_.close();
}

}  // namespace mkv::http
