// One client's connection, as a state machine on its event loop.
//
// Requests are read, handed to the handler and answered one after another; those that came together
// (pipelining) are answered together, and none is read while the client does not take its answers.
// A request that moves bytes leaves the loop with the socket and comes back (RunOnWorker).
//
// A connection that the server ends while the client may still be sending lingers: its sending side
// is shut, and what comes is thrown away for a while. Closed at once, it would be reset, and the
// client would see that instead of its answer (RFC 9112 section 9.6).
//
// Loop thread only, but for the destructor.
#ifndef MKVCORE_HTTP_CONNECTION_H_
#define MKVCORE_HTTP_CONNECTION_H_

#include <Poco/Net/StreamSocket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/http/after_answer.h"
#include "mkvcore/http/client_socket.h"
#include "mkvcore/http/collect_budget.h"
#include "mkvcore/http/handler.h"
#include "mkvcore/http/head_parser.h"
#include "mkvcore/http/rate_guard.h"
#include "mkvcore/http/response.h"
#include "mkvcore/http/server_state.h"
#include "mkvcore/http/socket_exchange.h"
#include "mkvcore/http/socket_transfer.h"

namespace mkv::http {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = EventLoop::Clock;

  // `tls`: as ClientSocket takes it.
  Connection(std::shared_ptr<LoopState> loop, const Poco::Net::StreamSocket& socket,
             TlsConnection tls, std::string peer, bool peer_is_loopback);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Registers with the loop, which owns it from now on.
  void Open();

  // The server is stopping: closes when nothing is under way, else after the answer.
  void Drain();
  // Closes now, whatever is under way.
  void Abandon();
  // Whether it has been waiting for a request, or for a TLS handshake to go on, since before
  // `since`.
  bool IdleSince(Clock::time_point since) const;

  // Of the exchange that is open.
  void Reply(const RequestHead& head, const Response& response);
  bool Collect(const std::shared_ptr<SocketExchange>& exchange,
               std::function<void(const Exchange::Collected& body)> then);
  void RunOnWorker(std::shared_ptr<SocketExchange> exchange, std::function<void(Transfer&)> work);
  void OnDropped(const RequestHead& head);

  EventLoop& events() { return loop_->events; }

 private:
  enum class State {
    kHandshaking,  // TLS only
    kReading,      // for a request
    kHandling,     // the handler has it
    kCollecting,   // its body is read, for the handler or on the way to a worker
    kOnWorker,     // not on the loop
    kSkipping,     // answered; passing over the rest of the body
    kLingering,    // answered for the last time
    kClosed,
  };

  // A body that was read here, with its share of the budget.
  struct CollectedBody {
    std::string bytes;
    CollectBudget::Share share;
  };

  // A request whose body is read here, or that is on its way to a worker.
  struct Boarding {
    std::shared_ptr<SocketExchange> exchange;
    // One of them is set: what to do then, here or there.
    std::function<void(const Exchange::Collected& body)> then;
    std::function<void(Transfer&)> work;
    std::shared_ptr<CollectedBody> body;  // null: the worker reads it
    std::size_t body_left = 0;
  };

  const ServerOptions& options() const { return loop_->server->options; }
  bool stopping() const {
    return loop_->server->stop.load(std::memory_order_relaxed) != StopStage::kServing;
  }

  void OnEvents(std::uint32_t events);
  void Receive();
  // Does all that can be done with the bytes at hand, then waits for the next event.
  void Drive();
  // One step; false when it needs something to happen first.
  bool Step();
  bool StepHandshaking();
  bool StepReading();
  bool StepCollecting();
  bool StepSkipping();
  bool StepLingering();
  // After a Drive(): what remains to wait for.
  void Settle();

  void Dispatch(std::string_view block);
  // A step of the handler; what it throws is logged, and answered with 500.
  void Run(SocketExchange& exchange, const std::function<void()>& step);
  // As ParseHead(), and says in the head where it came from.
  std::optional<HeadError> Parse(std::string_view block, RequestHead& head);
  // Answer without the handler and end the connection: the request of `head`, which is parsed or
  // holds what could be read of it, and the one whose head is still unread.
  void Refuse(int status, const std::string& message, const RequestHead& head, bool parsed);
  void RefuseUnread(int status, const std::string& message);
  void Answer(const RequestHead& head, const Response& response, const UnreadBody& unread);
  void Follow(const AfterAnswer& after);

  // False when it can not be collected.
  bool BeginCollecting(const RequestHead& head, Boarding& boarding);
  // Of a request whose client has gone before the answer; what it asked for may be done all the
  // same.
  static void LogUnseen(const RequestHead& head, const std::shared_ptr<CollectedBody>& body);
  static std::optional<std::string> TakeBytes(const std::shared_ptr<CollectedBody>& body);
  bool Board();
  void ReturnFromWorker(SocketTransfer::Outcome outcome);

  void Flush();
  void KeepUnread();
  bool WantsInput() const;
  // False, and the connection is closed, when the kernel refuses.
  bool Watch(std::uint32_t mask);
  void UpdateWatch();
  void UpdateTimer(Clock::time_point now);
  std::optional<Clock::time_point> Deadline(Clock::time_point now) const;
  void OnTimer();
  void Expire(Clock::time_point now);
  void CancelTimer();
  void Close();

  const std::shared_ptr<LoopState> loop_;
  ClientSocket socket_;
  const std::string peer_;
  const bool peer_is_loopback_;

  State state_ = State::kReading;
  bool driving_ = false;
  bool end_of_input_ = false;
  bool abandoned_ = false;

  // Not yet used input: a part of the loop's scratch buffer during an event, else all of input_.
  std::string_view unread_;
  std::string input_;
  std::string output_;
  std::size_t output_sent_ = 0;

  // kReading
  std::size_t head_scanned_ = 0;
  bool empty_line_skipped_ = false;
  // kReading, kHandshaking
  std::optional<Clock::time_point> head_began_;
  Clock::time_point last_activity_;
  // kCollecting
  std::unique_ptr<Boarding> boarding_;
  // kHandling: set once the handler has had it collected.
  std::shared_ptr<CollectedBody> collected_;
  // kSkipping
  std::uint64_t skip_left_ = 0;
  // kLingering
  bool linger_ = false;
  bool write_shut_ = false;
  std::size_t drained_ = 0;
  // kSkipping, kLingering
  Clock::time_point drain_deadline_;

  RateGuard read_guard_;
  RateGuard write_guard_;

  std::uint32_t watched_ = 0;   // epoll mask
  std::uint32_t reported_ = 0;  // by the event under way
  EventLoop::TimerId timer_ = 0;
  Clock::time_point timer_at_;
  std::optional<Clock::time_point> deadline_;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_CONNECTION_H_
