// A real server on a free port of loopback, and a handler that answers as its path asks.
#ifndef TESTS_HTTP_SERVING_H_
#define TESTS_HTTP_SERVING_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/server.h"
#include "tests/support/raw_connection.h"

namespace mkv::http {

// A door that stays shut until Open(). Thread-safe.
class Gate {
 public:
  void Open();
  void Wait();  // until opened
  void Pass() { Wait(); }
  void AwaitArrivals(int count);  // until so many wait or have passed

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

// On the loop:
//   /hello       200 "hello"
//   /big         200 with big_bytes of 'b'
//   /later       200 "later", after 20 ms
//   /drop        keeps silent and lets go of the exchange
//   /throw       throws
//   /early       403 without a look at the body
// On a worker:
//   /worker      200 "worker"
//   /echo        streams the body back as it comes
//   /collect     200 with the body's size, " held" when the loop collected it, and its trailers
//   /gate        waits for the gate, then 200 "passed"
//   /until-broken-off  as /gate, but answers only when the server breaks it off
//   /stream      200 with big_bytes of 's' in pieces, length known
//   /chunks      200 with "one", "two", "" and 20,000 times '3', length unknown
//   /refuse      403 before the body is read
//   /short       announces 10 bytes, sends 4, finishes
//   /breakoff    sends half an answer, then throws
//   /throw-work  throws before answering
//   /silent      answers nothing
//   /read-limit  reads at most 10 bytes
class PathHandler final : public Handler {
 public:
  void OnRequest(std::shared_ptr<Exchange> exchange) override;
  Response ServerError(int status, const std::string& message, const RequestHead* head) override;

  Gate gate;
  std::size_t big_bytes = 32 << 20;
  std::atomic<int> failed_transfers{0};  // works that ended in a TransferError
  std::atomic<bool> saw_stopping{false};
  RequestHead last_head() const;

 private:
  void CollectOnLoop(const std::shared_ptr<Exchange>& exchange);
  void Work(Transfer& transfer);

  mutable std::mutex mutex_;
  RequestHead last_head_;
};

struct Serving {
  explicit Serving(ServerOptions options = {}) : server(Quick(std::move(options)), handler) {
    server.Start();
  }
  ~Serving() { handler.gate.Open(); }

  // Loopback, any free port.
  static ServerOptions Quick(ServerOptions options);

  testing::RawConnection Connect() const { return testing::RawConnection(server.port()); }
  // One answer on a connection of its own.
  std::string Ask(std::string_view request) const;

  PathHandler handler;
  Server server;
};

// `METHOD PATH HTTP/1.1`, a Host, `fields` (each with its CRLF), the empty line.
std::string Request(std::string_view method, std::string_view path, std::string_view fields = "");

int StatusOf(std::string_view response);
std::string_view BodyOf(std::string_view response);
// The value of a header, if there is one.
std::optional<std::string> HeaderOf(std::string_view response, std::string_view name);

// The data of a chunked body, which must be complete and alone.
std::string Unchunked(std::string_view body);

}  // namespace mkv::http

#endif  // TESTS_HTTP_SERVING_H_
