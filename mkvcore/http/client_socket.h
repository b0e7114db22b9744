// The connection to one client as a non-blocking byte stream.
//
// The only place that reads from and writes to client sockets, in the clear or by TLS. Used by one
// thread at a time.
#ifndef MKVCORE_HTTP_CLIENT_SOCKET_H_
#define MKVCORE_HTTP_CLIENT_SOCKET_H_

#include <Poco/Net/StreamSocket.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "mkvcore/http/tls.h"

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

  // `socket` is connected and non-blocking; `tls`, made over it, is null for a connection in the
  // clear. With it, nothing is read or written before Handshake() is done.
  explicit ClientSocket(const Poco::Net::StreamSocket& socket, TlsConnection tls = nullptr);
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  bool is_tls() const { return tls_ != nullptr; }
  enum class Handshaken { kDone, kWaiting, kFailed };
  // Goes on with the TLS handshake as far as it goes without waiting. kWaiting: call again when the
  // socket can be read, or, with wants_write(), written.
  Handshaken Handshake();
  // TLS has to write before the handshake or a read can go on.
  bool wants_write() const { return wants_write_; }
  // TLS has decrypted bytes that a Read() gives at once, and that no poll tells of.
  bool has_buffered() const;

  Transferred Read(std::span<char> buffer);
  // `more`: further bytes follow at once, so that a segment of its own would be a waste.
  Transferred Write(std::string_view bytes, bool more = false);

  // Tells the client that nothing more comes, while what it sends can still be read.
  void ShutdownWrite();  // by TLS: a close_notify
  // Ends both directions, so that a thread blocked on the socket finds it closed. Any thread, as
  // long as Close() is not called at the same time.
  void Interrupt();
  // By TLS, what was written before is followed by a close_notify, so that the client knows that it
  // got all.
  void Close();
  // Closes with a reset: the client can not take what it got for a whole answer.
  void Reset();

  int fd() const { return fd_; }

 private:
  Transferred ReadTls(std::span<char> buffer);
  Transferred WriteTls(std::string_view bytes);
  void SendCloseNotify();

  Poco::Net::StreamSocket socket_;
  int fd_;
  TlsConnection tls_;
  bool wants_write_ = false;
  bool tls_broken_ = false;     // after a fatal error OpenSSL wants to be asked nothing more
  bool write_blocked_ = false;  // a record is sent in part: nothing can follow
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_CLIENT_SOCKET_H_
