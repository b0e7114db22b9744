// The HTTP/1.1 server: one event loop per core, each with its own SO_REUSEPORT listener, and a
// bounded pool of worker threads for requests that move bytes.
//
// Idle and slow connections cost no thread; a request that the index alone can answer never leaves
// its loop. Start() and Stop() are called once, from one controlling thread.
#ifndef MKVCORE_HTTP_SERVER_H_
#define MKVCORE_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "mkvcore/http/handler.h"

namespace mkv::http {

// Every limit and time-out of the server, with its default. All are options of `mkv server`.
struct ServerOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 3000;  // 0: any free port, see Server::port()
  unsigned loops = 0;         // 0: one per core

  // PEM files (tls.h). With them the port speaks TLS only; both or none.
  std::string certificate;
  std::string private_key;

  std::size_t max_head_bytes = 32 << 10;      // request line and header fields: else 414 or 431
  std::size_t max_header_fields = 128;        // else 431
  std::uint64_t max_body_bytes = 5ULL << 40;  // else 413
  std::size_t collect_bytes = 1 << 20;        // bodies up to this are read on the loop
  std::size_t collect_budget = 64 << 20;      // all of them together; above it a worker reads
  std::size_t max_connections = 0;            // 0: three quarters of the open-file limit
  // Worker threads at most, made on demand: else 503. 0: 4096, or fewer where what
  // max_connections leaves of the open-file limit has not `transfer_descriptors` for each.
  unsigned transfers = 0;
  unsigned transfer_descriptors = 1;

  // From the first byte of a head to its end: else 408. For a TLS handshake as a whole: else
  // closed.
  std::chrono::milliseconds head_timeout{20'000};
  std::chrono::milliseconds idle_timeout{75'000};  // between requests: closed without an answer
  std::uint64_t min_rate = 1024;                   // bytes a second, over min_rate_window: else 408
  std::chrono::milliseconds min_rate_window{30'000};
  // What a client still sends after an early answer is read and thrown away: so much where the
  // connection can then go on, and so much before it is closed, that the client sees the answer and
  // not a reset in its place; neither for longer than this.
  std::size_t drain_bytes = 1 << 20;
  std::size_t linger_bytes = 16 << 20;
  std::chrono::milliseconds drain_timeout{2'000};
  std::chrono::milliseconds stop_timeout{30'000};  // for requests under way at Stop()
};

// How far a server has come on its way to an end.
enum class StopStage {
  kServing,
  kDraining,  // requests under way may finish, within stop_timeout
  kBreakingOff,
};

class Server {
 public:
  // `handler` outlives the server. Throws TlsError. With TLS the process must ignore SIGPIPE:
  // OpenSSL writes to sockets as to files.
  Server(ServerOptions options, Handler& handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and starts the loops; returns when connections are accepted. Throws std::runtime_error
  // with a message for people when the port can not be had.
  void Start();

  std::uint16_t port() const;

  // Reads certificate and key again, for connections from now on. Throws TlsError, and then keeps
  // what it had. Does nothing without TLS. Any thread.
  void ReloadCertificate();

  // Takes no new connections and no new requests, lets those under way finish (up to
  // stop_timeout), closes everything and joins all threads. True when all finished.
  bool Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_SERVER_H_
