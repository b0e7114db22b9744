#include "mkvcore/http/connection.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "mkvcore/http/access_log.h"
#include "mkvcore/http/answer_head.h"
#include "mkvcore/http/head_validation.h"

namespace mkv::http {
namespace {

// No further pipelined request is read while more than this waits to be sent.
constexpr std::size_t kOutputHighWater = 64 << 10;
// An output buffer up to this size is kept between answers.
constexpr std::size_t kKeptOutputBytes = 1 << 10;
constexpr const char* kRetryAfterSeconds = "1";

}  // namespace

Connection::Connection(std::shared_ptr<LoopState> loop, const Poco::Net::StreamSocket& socket,
                       TlsConnection tls, std::string peer, bool peer_is_loopback)
    : loop_(std::move(loop)),
      socket_(socket, std::move(tls)),
      peer_(std::move(peer)),
      peer_is_loopback_(peer_is_loopback),
      last_activity_(Clock::now()),
      read_guard_(options().min_rate, options().min_rate_window),
      write_guard_(options().min_rate, options().min_rate_window) {
  if (!socket_.is_tls()) return;
  state_ = State::kHandshaking;
  head_began_ = last_activity_;
}

Connection::~Connection() = default;

void Connection::Open() {
  loop_->connections.emplace(this, shared_from_this());
  loop_->server->connections.Add();
  if (Watch(EPOLLIN)) UpdateTimer(last_activity_);
}

void Connection::Drain() {
  if (state_ == State::kHandshaking) return Close();
  if (state_ != State::kReading) return;
  // A request that has arrived by now is one under way.
  if (WantsInput()) Receive();
  Drive();
}

void Connection::Abandon() {
  abandoned_ = true;
  if (state_ == State::kOnWorker) {
    socket_.Interrupt();
  } else {
    Close();
  }
}

bool Connection::IdleSince(Clock::time_point since) const {
  const bool waits = state_ == State::kReading || state_ == State::kHandshaking;
  return waits && unread_.empty() && output_.empty() && last_activity_ < since;
}

void Connection::Reply(const RequestHead& head, const Response& response) {
  if (state_ == State::kClosed) LogUnseen(head, collected_);
  if (state_ != State::kHandling) return;
  UnreadBody unread;
  if (!collected_) unread = UnreadBody::WholeOf(head);
  // A client that has begun to send its body does not wait for leave to.
  if (!unread_.empty()) unread.client_waits = false;
  Answer(head, response, unread);
  collected_.reset();
  Drive();
}

bool Connection::Collect(const std::shared_ptr<SocketExchange>& exchange,
                         std::function<void(const Exchange::Collected& body)> then) {
  if (state_ != State::kHandling || collected_) return false;
  auto boarding = std::make_unique<Boarding>();
  if (!BeginCollecting(exchange->head(), *boarding)) return false;
  exchange->TakeBack();
  boarding->exchange = exchange;
  boarding->then = std::move(then);
  boarding_ = std::move(boarding);
  state_ = State::kCollecting;
  Drive();
  return true;
}

void Connection::RunOnWorker(std::shared_ptr<SocketExchange> exchange,
                             std::function<void(Transfer&)> work) {
  if (state_ == State::kClosed) LogUnseen(exchange->head(), collected_);
  if (state_ != State::kHandling) return;
  boarding_ = std::make_unique<Boarding>();
  if (collected_) {
    boarding_->body = std::move(collected_);
  } else {
    (void)BeginCollecting(exchange->head(), *boarding_);
  }
  boarding_->exchange = std::move(exchange);
  boarding_->work = std::move(work);
  state_ = State::kCollecting;
  Drive();
}

bool Connection::BeginCollecting(const RequestHead& head, Boarding& boarding) {
  const std::uint64_t length = head.content_length.value_or(0);
  if (head.chunked || length > options().collect_bytes) return false;
  auto share = loop_->server->budget.TryTake(static_cast<std::size_t>(length));
  if (!share) return false;
  boarding.body = std::make_shared<CollectedBody>(CollectedBody{{}, std::move(*share)});
  boarding.body->bytes.reserve(static_cast<std::size_t>(length));
  boarding.body_left = static_cast<std::size_t>(length);
  // For an empty body too: botocore, given a final answer instead, takes the next answer on the
  // connection for the same one.
  if (head.expect_continue && unread_.empty()) output_.append(kContinue);
  read_guard_.Reset();
  return true;
}

void Connection::OnDropped(const RequestHead& head) {
  Reply(head, loop_->server->handler.ServerError(500, "the request was not answered", &head));
}

void Connection::OnEvents(std::uint32_t events) {
  const auto self = shared_from_this();
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    // Gone in both directions: no answer can reach the client any more.
    Close();
    return;
  }
  reported_ = events;
  if (((events & EPOLLIN) != 0 || socket_.wants_write()) && WantsInput()) {
    Receive();
    reported_ &= ~static_cast<std::uint32_t>(EPOLLIN);  // taken; what is left is reported again
  }
  Drive();
  reported_ = 0;
}

void Connection::Receive() {
  const auto received = socket_.Read(loop_->scratch);
  switch (received.state) {
    case ClientSocket::Transferred::State::kSome: {
      const std::string_view bytes(loop_->scratch.data(), received.bytes);
      if (unread_.empty()) {
        unread_ = bytes;
      } else {
        input_.append(bytes);
        unread_ = input_;
      }
      break;
    }
    case ClientSocket::Transferred::State::kClosed:
      end_of_input_ = true;
      break;
    case ClientSocket::Transferred::State::kWouldBlock:
      break;
  }
}

void Connection::Drive() {
  if (driving_) return;
  const auto self = shared_from_this();
  driving_ = true;
  bool more = false;
  do {
    while (state_ != State::kClosed && Step()) {
    }
    const bool had_output = !output_.empty();
    if (had_output && state_ != State::kClosed) Flush();
    // With the output gone, more may be possible.
    more = had_output && output_.empty();
    if (WantsInput() && socket_.has_buffered()) {
      KeepUnread();  // the scratch buffer is about to be used again
      Receive();
      more = true;
    }
  } while (more && state_ != State::kClosed);
  driving_ = false;
  if (state_ != State::kClosed && state_ != State::kOnWorker) Settle();
}

bool Connection::Step() {
  switch (state_) {
    case State::kHandshaking:
      return StepHandshaking();
    case State::kReading:
      return StepReading();
    case State::kCollecting:
      return StepCollecting();
    case State::kSkipping:
      return StepSkipping();
    case State::kLingering:
      return StepLingering();
    case State::kHandling:
    case State::kOnWorker:
    case State::kClosed:
      return false;
  }
  return false;
}

bool Connection::StepHandshaking() {
  switch (socket_.Handshake()) {
    case ClientSocket::Handshaken::kWaiting:
      return false;
    case ClientSocket::Handshaken::kFailed:
      LogRefusal("-", peer_, 0, "the TLS handshake failed");
      Close();
      return false;
    case ClientSocket::Handshaken::kDone:
      break;
  }
  head_began_.reset();
  state_ = State::kReading;
  // The request often comes along with the end of the handshake.
  Receive();
  return true;
}

bool Connection::StepReading() {
  if (output_.size() >= kOutputHighWater || unread_.empty()) return false;
  if (head_scanned_ == 0 && !empty_line_skipped_ && unread_.front() == '\r') {
    // RFC 9112 section 2.2: one empty line before a request line is to be ignored.
    if (unread_.starts_with("\r\n")) {
      unread_.remove_prefix(2);
      empty_line_skipped_ = true;
      head_began_.reset();  // the CR may have come first, alone
      return true;
    }
    if (unread_.size() == 1) {
      if (!head_began_) head_began_ = Clock::now();
      return false;
    }
  }
  const HeadScan scan = ScanHead(unread_, head_scanned_);
  if (scan.state == HeadScan::State::kMalformed) {
    RefuseUnread(400, "a line ends in LF without CR");
    return true;
  }
  const std::size_t length =
      scan.state == HeadScan::State::kComplete ? scan.length : unread_.size();
  if (length > options().max_head_bytes) {
    const bool line_ends =
        unread_.substr(0, options().max_head_bytes).find('\n') != std::string_view::npos;
    RefuseUnread(line_ends ? 431 : 414,
                 line_ends ? "the request head is too large" : "the request line is too long");
    return true;
  }
  if (scan.state == HeadScan::State::kIncomplete) {
    head_scanned_ = scan.resume;
    if (!head_began_) head_began_ = Clock::now();
    return false;
  }
  const std::string_view block = unread_.substr(0, length);
  unread_.remove_prefix(length);
  head_scanned_ = 0;
  empty_line_skipped_ = false;
  head_began_.reset();
  Dispatch(block);
  return true;
}

void Connection::Dispatch(std::string_view block) {
  const auto exchange = std::make_shared<SocketExchange>(shared_from_this());
  RequestHead& head = exchange->mutable_head();
  if (const auto error = Parse(block, head)) {
    exchange->TakeBack();
    const bool parsed = error->status == 413 || error->status == 417;
    Refuse(error->status, error->message, head, parsed);
    return;
  }
  state_ = State::kHandling;
  Run(*exchange, [&] { loop_->server->handler.OnRequest(exchange); });
}

void Connection::Run(SocketExchange& exchange, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception& error) {
    const RequestHead& head = exchange.head();
    spdlog::error("{} {} {}: {}", head.id, head.method, LoggedTarget(head.target), error.what());
    if (!exchange.TakeBack()) return;
    Reply(head, loop_->server->handler.ServerError(500, "internal error", &head));
  }
}

std::optional<HeadError> Connection::Parse(std::string_view block, RequestHead& head) {
  head.id = loop_->ids.Next();
  head.peer = peer_;
  head.peer_is_loopback = peer_is_loopback_;
  head.over_tls = socket_.is_tls();
  head.arrived = Clock::now();
  return ParseHead(block, {options().max_header_fields, options().max_body_bytes}, head);
}

void Connection::RefuseUnread(int status, const std::string& message) {
  RequestHead head;
  (void)Parse(unread_.substr(0, options().max_head_bytes), head);
  Refuse(status, message, head, false);
}

void Connection::Refuse(int status, const std::string& message, const RequestHead& head,
                        bool parsed) {
  const Response response = loop_->server->handler.ServerError(status, message, &head);
  AppendAnswer(response, &head, false, loop_->date.Now(), output_);
  if (parsed) {
    LogAnswer(head, {.status = response.status, .received = 0, .sent = response.body.size()});
  } else {
    LogRefusal(head.id, peer_, response.status, message);
  }
  Follow({false, 0, true});
}

void Connection::Answer(const RequestHead& head, const Response& response,
                        const UnreadBody& unread) {
  const AfterAnswer after =
      PlanAfterAnswer(head, unread, response.close || stopping(), options().drain_bytes);
  AppendAnswer(response, &head, after.keep_alive, loop_->date.Now(), output_);
  const bool bodyless = IsBodyless(head.method, response.status);
  LogAnswer(head, {.status = response.status,
                   .received = collected_ ? collected_->bytes.size() : 0,
                   .sent = bodyless ? 0 : response.body.size()});
  Follow(after);
}

void Connection::Follow(const AfterAnswer& after) {
  if (after.keep_alive && after.skip == 0) {
    state_ = State::kReading;
    return;
  }
  state_ = after.keep_alive ? State::kSkipping : State::kLingering;
  skip_left_ = after.skip;
  linger_ = after.linger;
  drain_deadline_ = Clock::now() + options().drain_timeout;
}

bool Connection::StepCollecting() {
  Boarding& boarding = *boarding_;
  if (boarding.body_left > 0) {
    const std::size_t bytes = std::min(boarding.body_left, unread_.size());
    boarding.body->bytes.append(unread_.substr(0, bytes));
    unread_.remove_prefix(bytes);
    boarding.body_left -= bytes;
    if (bytes > 0) read_guard_.Moved(bytes, Clock::now());
    if (boarding.body_left > 0) {
      if (end_of_input_) {
        Close();
      } else {
        read_guard_.BeginWait(Clock::now());
      }
      return false;
    }
  }
  if (boarding.then) {
    const std::unique_ptr<Boarding> arrived = std::move(boarding_);
    collected_ = arrived->body;
    arrived->exchange->GiveBack();
    state_ = State::kHandling;
    Run(*arrived->exchange, [&] { arrived->then({collected_, &collected_->bytes}); });
    return true;
  }
  // The worker's first byte must not overtake the loop's last.
  return output_.empty() && Board();
}

void Connection::LogUnseen(const RequestHead& head, const std::shared_ptr<CollectedBody>& body) {
  LogAnswer(head, {.status = 0, .received = body ? body->bytes.size() : 0, .sent = 0});
}

std::optional<std::string> Connection::TakeBytes(const std::shared_ptr<CollectedBody>& body) {
  if (body == nullptr) return std::nullopt;
  // The handler may have kept it (Collect).
  if (body.use_count() > 1) return body->bytes;
  return std::move(body->bytes);
}

bool Connection::Board() {
  const std::unique_ptr<Boarding> boarding = std::move(boarding_);
  const std::shared_ptr<ServerState>& server = loop_->server;
  const bool collected = boarding->body != nullptr;
  const std::shared_ptr<const RequestHead> head(boarding->exchange, &boarding->exchange->head());
  const auto transfer =
      std::make_shared<SocketTransfer>(head, socket_, server->options, server->stop,
                                       std::string(unread_), TakeBytes(boarding->body));
  // What is not copyable, and has to be gone by the time the connection is back on its loop.
  struct Cargo {
    std::function<void(Transfer&)> work;
    std::shared_ptr<CollectedBody> body;  // its share of the budget
  };
  const auto cargo = std::make_shared<std::optional<Cargo>>(
      Cargo{std::move(boarding->work), std::move(boarding->body)});
  std::function<void()> run = [self = shared_from_this(), transfer, cargo] {
    transfer->Run((*cargo)->work, self->loop_->server->handler);
    cargo->reset();
    self->events().Post([self, transfer] { self->ReturnFromWorker(transfer->TakeOutcome()); });
  };
  if (server->workers.TryRun(run)) {
    state_ = State::kOnWorker;
    events().Unwatch(socket_.fd());
    watched_ = 0;
    CancelTimer();
    unread_ = {};
    KeepUnread();
    return false;
  }
  Response response = server->handler.ServerError(503, "all transfers are taken", head.get());
  response.Header("Retry-After", kRetryAfterSeconds);
  UnreadBody unread = UnreadBody::WholeOf(*head);
  if (collected) unread = UnreadBody();
  if (!unread_.empty()) unread.client_waits = false;
  Answer(*head, response, unread);
  return true;
}

void Connection::ReturnFromWorker(SocketTransfer::Outcome outcome) {
  if (abandoned_ || outcome.reset) {
    if (outcome.reset) socket_.Reset();
    Close();
    return;
  }
  input_ = std::move(outcome.unread);
  unread_ = input_;
  output_ = std::move(outcome.unsent);
  output_sent_ = 0;
  write_guard_.Reset();
  Follow(outcome.after);
  if (Watch(0)) Drive();
}

bool Connection::StepSkipping() {
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(skip_left_, unread_.size()));
  unread_.remove_prefix(bytes);
  skip_left_ -= bytes;
  if (skip_left_ > 0) return false;
  state_ = State::kReading;
  return true;
}

bool Connection::StepLingering() {
  drained_ += unread_.size();
  linger_ = linger_ || !unread_.empty();
  unread_ = {};
  return false;
}

void Connection::Settle() {
  const auto now = Clock::now();
  last_activity_ = now;
  const bool all_sent = output_.empty();
  switch (state_) {
    case State::kReading:
      if (all_sent && (end_of_input_ || stopping())) return Close();
      break;
    case State::kSkipping:
      if (all_sent && end_of_input_) return Close();
      break;
    case State::kLingering:
      if (all_sent && (!linger_ || end_of_input_ || drained_ > options().linger_bytes)) {
        return Close();
      }
      if (all_sent && !std::exchange(write_shut_, true)) {
        socket_.ShutdownWrite();
        drain_deadline_ = now + options().drain_timeout;
      }
      break;
    default:
      break;
  }
  KeepUnread();
  UpdateWatch();
  UpdateTimer(now);
}

void Connection::Flush() {
  while (output_sent_ < output_.size()) {
    const auto sent = socket_.Write(std::string_view(output_).substr(output_sent_));
    if (sent.state == ClientSocket::Transferred::State::kClosed) return Close();
    if (sent.state == ClientSocket::Transferred::State::kWouldBlock) {
      write_guard_.BeginWait(Clock::now());
      return;
    }
    output_sent_ += sent.bytes;
    if (output_sent_ < output_.size()) write_guard_.Moved(sent.bytes, Clock::now());
  }
  write_guard_.Reset();
  output_sent_ = 0;
  output_.clear();
  if (output_.capacity() > kKeptOutputBytes) std::string().swap(output_);
}

void Connection::KeepUnread() {
  if (unread_.empty()) {
    std::string().swap(input_);
  } else if (unread_.data() >= input_.data() && unread_.data() < input_.data() + input_.size()) {
    input_.erase(0, static_cast<std::size_t>(unread_.data() - input_.data()));
  } else {
    input_.assign(unread_);
  }
  unread_ = input_;
}

bool Connection::WantsInput() const {
  if (end_of_input_) return false;
  switch (state_) {
    case State::kReading:
      return output_.empty();
    case State::kCollecting:
      return boarding_->body_left > 0;
    case State::kSkipping:
      return true;
    case State::kLingering:
      return drained_ <= options().linger_bytes;
    case State::kHandshaking:
    case State::kHandling:
    case State::kOnWorker:
    case State::kClosed:
      return false;
  }
  return false;
}

bool Connection::Watch(std::uint32_t mask) {
  try {
    events().Watch(socket_.fd(), mask, [this](std::uint32_t events) { OnEvents(events); });
    watched_ = mask;
    return true;
  } catch (const std::system_error& error) {
    spdlog::error("{}: {}", peer_, error.what());
    Close();
    return false;
  }
}

void Connection::UpdateWatch() {
  std::uint32_t wanted = 0;
  if (!output_.empty()) wanted |= EPOLLOUT;
  // While a handler thinks, input stays watched until some comes: most answers are there before.
  const bool quiet = state_ == State::kHandling && (watched_ & ~reported_ & EPOLLIN) != 0;
  const bool handshaking = state_ == State::kHandshaking;
  if (socket_.wants_write() && (handshaking || WantsInput())) {
    wanted |= EPOLLOUT;
  } else if (WantsInput() || quiet || handshaking) {
    wanted |= EPOLLIN;
  }
  if (wanted == watched_) return;
  watched_ = wanted;
  events().ChangeWatch(socket_.fd(), wanted);
}

std::optional<Connection::Clock::time_point> Connection::Deadline(Clock::time_point now) const {
  if (!output_.empty()) return write_guard_.Deadline(now);
  switch (state_) {
    case State::kHandshaking:
    case State::kReading:
      return head_began_ ? *head_began_ + options().head_timeout
                         : last_activity_ + options().idle_timeout;
    case State::kCollecting:
      return read_guard_.Deadline(now);
    case State::kSkipping:
    case State::kLingering:
      return drain_deadline_;
    case State::kHandling:
    case State::kOnWorker:
    case State::kClosed:
      return std::nullopt;
  }
  return std::nullopt;
}

void Connection::UpdateTimer(Clock::time_point now) {
  deadline_ = Deadline(now);
  // A timer that runs too early looks again; so most requests set none.
  if (!deadline_ || (timer_ != 0 && timer_at_ <= *deadline_)) return;
  CancelTimer();
  timer_at_ = *deadline_;
  timer_ = events().RunAt(timer_at_, [this] { OnTimer(); });
}

void Connection::OnTimer() {
  const auto self = shared_from_this();
  timer_ = 0;
  const auto now = Clock::now();
  if (deadline_ && *deadline_ <= now) Expire(now);
  if (state_ != State::kClosed) UpdateTimer(now);
}

void Connection::Expire(Clock::time_point now) {
  if (!output_.empty()) {
    if (write_guard_.TooSlow(now)) {
      socket_.Reset();
      Close();
    }
    return;
  }
  switch (state_) {
    case State::kHandshaking:
      Close();
      break;
    case State::kReading:
      if (!head_began_) return Close();
      RefuseUnread(408, "the request head took too long");
      Drive();
      break;
    case State::kCollecting:
      if (!read_guard_.TooSlow(now)) return;
      {
        const auto boarding = std::move(boarding_);
        Refuse(408, "the body came too slowly", boarding->exchange->head(), true);
      }
      Drive();
      break;
    case State::kSkipping:
      // What is left of the body comes more slowly than was thought when the answer was made.
      state_ = State::kLingering;
      linger_ = true;
      Drive();
      break;
    case State::kLingering:
      Close();
      break;
    default:
      break;
  }
}

void Connection::CancelTimer() {
  if (timer_ != 0) events().Cancel(std::exchange(timer_, 0));
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  events().Unwatch(socket_.fd());
  CancelTimer();
  socket_.Close();
  unread_ = {};
  std::string().swap(input_);
  std::string().swap(output_);
  if (boarding_) LogUnseen(boarding_->exchange->head(), boarding_->body);
  boarding_.reset();
  loop_->server->connections.Remove();
  // Perhaps the last owner: callers hold another while they go on.
  loop_->connections.erase(this);
}

}  // namespace mkv::http
