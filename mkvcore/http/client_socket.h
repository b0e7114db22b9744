// The connection to one client as a non-blocking byte stream.
//
// The only place that reads from and writes to client sockets, so that TLS is a matter of the
// Poco::Net::StreamSocket handed in. Used by one thread at a time.
#ifndef MKVCORE_HTTP_CLIENT_SOCKET_H_
#define MKVCORE_HTTP_CLIENT_SOCKET_H_

#include <Poco/Net/StreamSocket.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace mkv::http {

class ClientSocket {
 public:
  struct Transferred {
    enum class State {
      kSome,        // `bytes` were moved
      kWouldBlock,  // nothing now
      kClosed,      // reading: the client sends no more; writing: it is gone
    };
    State state;
    std::size_t bytes = 0;
  };

  // `socket` is connected and non-blocking.
  explicit ClientSocket(const Poco::Net::StreamSocket& socket);
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  Transferred Read(std::span<char> buffer);
  // `more`: further bytes follow at once, so that a segment of its own would be a waste.
  Transferred Write(std::string_view bytes, bool more = false);

  // Tells the client that nothing more comes, while what it sends can still be read.
  void ShutdownWrite();
  // Ends both directions, so that a thread blocked on the socket finds it closed. Any thread, as
  // long as Close() is not called at the same time.
  void Interrupt();
  void Close();
  // Closes with a reset: the client can not take what it got for a whole answer.
  void Reset();

  int fd() const { return fd_; }

 private:
  Poco::Net::StreamSocket socket_;
  int fd_;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_CLIENT_SOCKET_H_
