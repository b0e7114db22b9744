// The seam between the HTTP server and what it serves.
//
// A request is first seen on the event loop of its connection (Handler::OnRequest), with its head
// complete and its body unread. There the handler either answers at once, or keeps the exchange and
// answers later from a callback of the same loop, or hands it to a worker thread, where code is
// plain and blocking (Transfer). Every exchange is answered exactly once; one that is dropped
// unanswered gets 500.
#ifndef MKVCORE_HTTP_HANDLER_H_
#define MKVCORE_HTTP_HANDLER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/http/request.h"
#include "mkvcore/http/response.h"
#include "mkvcore/volumes/source.h"

namespace mkv::http {

// The client did not deliver its body, or did not take its answer. `status` is what to answer when
// that is still possible: 400 malformed chunk, 408 too slow, 413 too large, 0 connection lost.
class TransferError : public std::runtime_error {
 public:
  TransferError(int status, const std::string& what) : std::runtime_error(what), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// A request on a worker thread, with its connection. Not thread-safe: the worker owns it.
class Transfer {
 public:
  virtual ~Transfer() = default;

  virtual const RequestHead& head() const = 0;

  // The body without its transfer coding. Throws TransferError when it can not be completed. Until
  // the first Read() or AcceptBody() a client that sent `Expect: 100-continue` has not been told to
  // go on. Source::held() is set when the loop has already collected the body.
  virtual Source& body() = 0;
  // Sends 100 Continue if the client waits for it.
  virtual void AcceptBody() = 0;
  // Blocks until the body is read whole; more than `limit` bytes throws TransferError 413.
  virtual std::string ReadBody(std::size_t limit) = 0;
  // The fields after a chunked body; empty until the body is read whole.
  virtual const Poco::Net::MessageHeader& trailers() const = 0;

  // A whole answer. What is unread of the body is drained within the server's limits, or the
  // connection closes.
  virtual void Reply(Response response) = 0;

  // An answer in pieces. Without `length` it is sent chunked (to HTTP/1.0: until close).
  // `head.body` is not used. The head travels with the first bytes written, or alone with
  // Write(""). Every call blocks until the socket took it; a client that takes less than the
  // server's minimum rate, or is gone, throws TransferError with status 0. To HEAD, 204 and 304
  // nothing but the head is sent, whatever is written. An answer not finished, or shorter than
  // `length`, ends as by Abort().
  virtual void StartReply(const Response& head, std::optional<std::uint64_t> length) = 0;
  virtual void Write(std::string_view bytes) = 0;
  virtual void FinishReply() = 0;
  // Ends the connection so that the client sees an incomplete answer (a reset).
  virtual void Abort() = 0;
  virtual bool replied() const = 0;  // Reply or StartReply was called

  // The server is draining: long work should come to an end.
  virtual bool stopping() const = 0;
  // The server has waited long enough: what goes on without the client ends now, too.
  virtual bool breaking_off() const = 0;
  // Throws TransferError with status 0 then. To be called now and then by what takes long.
  void ThrowIfBreakingOff() const {
    if (breaking_off()) throw TransferError(0, "broken off: the server stops");
  }
};

// A request on its loop. Loop thread only, but for the destructor.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& head() const = 0;
  virtual EventLoop& loop() = 0;

  // Answers. Does nothing if the client has gone meanwhile.
  virtual void Reply(Response response) = 0;

  // Reads the body on the loop; then `then` runs there, with all of it. A client that waits for it
  // is told to go on. False, and nothing happens, when that can not be: the body's length is not
  // known or above the server's collect limit, or the budget for such bodies is used up. `then` is
  // dropped when the client does not deliver.
  using Collected = std::shared_ptr<const std::string>;
  virtual bool Collect(std::function<void(const Collected& body)> then) = 0;

  // Runs `work` on a worker thread. A body that Collect() would take is read on the loop first, and
  // one that it took is there already: it is then held() in Transfer::body(). No worker free:
  // Handler::ServerError(503) with Retry-After is sent instead.
  // What `work` throws is logged and answered: TransferError with its status, anything else 500.
  virtual void RunOnWorker(std::function<void(Transfer&)> work) = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;

  // Each loop's first and last callbacks, on its thread: where a handler makes and destroys what it
  // keeps for that loop alone. No request comes before the one or after the other.
  virtual void OnLoopStart(EventLoop& /*loop*/) {}
  virtual void OnLoopEnd(EventLoop& /*loop*/) {}

  // The server has waited long enough for requests under way: what goes on without looking at its
  // Transfer is to end. Once, on the thread that stops the server, while workers still run.
  virtual void OnBreakOff() {}

  // On a loop's thread; must not block. Called from all loops at once.
  virtual void OnRequest(std::shared_ptr<Exchange> exchange) = 0;

  // The body of an answer that the server gives by itself, before or instead of a handler: 400,
  // 408, 413, 431, 500, 503 and so on. `head` is never null; where it could not be parsed it has an
  // id and what could be read (ParseHead). On a loop's or a worker's thread; must not block.
  virtual Response ServerError(int status, const std::string& message, const RequestHead* head) = 0;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_HANDLER_H_
