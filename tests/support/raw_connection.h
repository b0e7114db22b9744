// A TCP connection for saying exactly what no HTTP client would.
//
//   RawConnection connection(gateway.port());
//   connection.Send("GET / HTTP/1.1\nHost: x\n\n");
//   EXPECT_TRUE(connection.ReadResponse().starts_with("HTTP/1.1 400 "));
//   EXPECT_TRUE(connection.AwaitClose());
//
// Reads return what has come when the time-out ends them; nothing throws for that.
#ifndef TESTS_SUPPORT_RAW_CONNECTION_H_
#define TESTS_SUPPORT_RAW_CONNECTION_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tests/support/descriptor.h"

namespace mkv::testing {

class RawConnection {
 public:
  static constexpr std::chrono::milliseconds kPatience{10'000};

  // To 127.0.0.1; throws std::system_error when nobody listens.
  explicit RawConnection(std::uint16_t port);
  virtual ~RawConnection() = default;
  RawConnection(RawConnection&&) = default;
  RawConnection& operator=(RawConnection&&) = default;

  // All of it; false when the other side has closed.
  bool Send(std::string_view bytes);

  // Up to and including the first `end`, or all that came until time-out or close.
  std::string ReadUntil(std::string_view end, std::chrono::milliseconds timeout = kPatience);
  // One answer: the head, and the body that its Content-Length announces (none after a HEAD).
  std::string ReadResponse(bool after_head = false, std::chrono::milliseconds timeout = kPatience);
  // All that comes until the other side closes.
  std::string ReadToEnd(std::chrono::milliseconds timeout = kPatience);

  // Whether the other side closes (what it still sends is thrown away).
  bool AwaitClose(std::chrono::milliseconds timeout = kPatience);
  bool closed() const { return closed_; }

  void ShutdownWrite();
  void Reset();  // closes with a TCP reset
  void Close() { socket_.Close(); }
  int fd() const { return socket_.get(); }

 protected:
  // As send(2) and recv(2); a TLS connection has its own (tls_client.h).
  virtual ssize_t SendSome(std::string_view bytes);
  virtual ssize_t ReceiveSome(std::span<char> buffer);
  virtual bool HasPending() const { return false; }  // bytes that poll(2) does not tell of

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  bool Receive(Deadline deadline);  // more into buffer_; false at time-out and close
  std::string Take(std::size_t count);

  Descriptor socket_;
  std::string buffer_;  // received, not yet handed out
  bool closed_ = false;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_RAW_CONNECTION_H_
