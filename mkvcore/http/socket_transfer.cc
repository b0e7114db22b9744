#include "mkvcore/http/socket_transfer.h"

#include <spdlog/spdlog.h>

#include <array>
#include <charconv>
#include <exception>
#include <stdexcept>
#include <utility>

#include "mkvcore/http/access_log.h"
#include "mkvcore/http/answer_head.h"
#include "mkvcore/http/socket_wait.h"

namespace mkv::http {
namespace {

// Pieces up to this are copied behind what is pending and sent in one system call.
constexpr std::size_t kCopyBytes = 16 << 10;

}  // namespace

SocketTransfer::SocketTransfer(std::shared_ptr<const RequestHead> head, ClientSocket& socket,
                               const ServerOptions& options, const std::atomic<StopStage>& stop,
                               std::string unread, std::optional<std::string> collected)
    : head_(std::move(head)),
      socket_(socket),
      options_(options),
      stop_(stop),
      body_(*head_, socket, options, std::move(unread), std::move(collected)),
      write_guard_(options.min_rate, options.min_rate_window, kLongestWait) {}

void SocketTransfer::Run(const std::function<void(Transfer&)>& work, Handler& handler) {
  try {
    try {
      work(*this);
      if (stage_ == Stage::kUnanswered) {
        spdlog::error("{} {} {}: left unanswered", head_->id, head_->method,
                      LoggedTarget(head_->target));
        Fail(500, "the request was not answered", handler);
      }
    } catch (const TransferError& error) {
      spdlog::info("{} {} {}: {}", head_->id, head_->method, LoggedTarget(head_->target),
                   error.what());
      Fail(error.status(), error.what(), handler);
    } catch (const std::exception& error) {
      spdlog::error("{} {} {}: {}", head_->id, head_->method, LoggedTarget(head_->target),
                    error.what());
      Fail(500, "internal error", handler);
    } catch (...) {
      spdlog::error("{} {} {}: unknown exception", head_->id, head_->method,
                    LoggedTarget(head_->target));
      Fail(500, "internal error", handler);
    }
  } catch (const std::exception& error) {
    spdlog::error("{}: no answer could be made: {}", head_->id, error.what());
    Abort();
  }
  Log();
}

void SocketTransfer::Log() const {
  LogAnswer(*head_, {.status = stage_ == Stage::kAnswered ? status_ : 0,
                     .received = body_.received(),
                     .sent = written_});
}

SocketTransfer::Outcome SocketTransfer::TakeOutcome() {
  // The handler may have gone on reading the body after it began its answer.
  const AfterAnswer after =
      PlanAfterAnswer(*head_, body_.Unread(), !keep_alive_, options_.drain_bytes);
  return {after, body_.TakeUnread(), std::move(pending_), stage_ != Stage::kAnswered};
}

void SocketTransfer::Reply(Response response) {
  BeginAnswer(Stage::kAnswered, response.close);
  status_ = response.status;
  AppendAnswerHead(response, FramingOf(response, head_.get(), keep_alive_), DateText().Now(),
                   pending_);
  std::string body;
  if (!IsBodyless(head_->method, response.status)) body = std::move(response.body);
  written_ = body.size();
  if (body.size() > kCopyBytes) WritePending(true);
  if (pending_.empty()) {
    pending_ = std::move(body);
  } else {
    pending_.append(body);
  }
  WritePending();
}

// Most answers fit into the socket's buffer; the loop waits for clients whose does not.
void SocketTransfer::WritePending(bool more) {
  const auto sent = socket_.Write(pending_, more);
  if (sent.state == ClientSocket::Transferred::State::kClosed) Abort();
  pending_.erase(0, sent.bytes);
}

void SocketTransfer::StartReply(const Response& head, std::optional<std::uint64_t> length) {
  bodyless_ = IsBodyless(head_->method, head.status);
  const bool until_close = !length && head_->http_1_0 && !bodyless_;
  BeginAnswer(Stage::kStreaming, head.close || until_close);
  status_ = head.status;
  AnswerFraming framing;
  framing.http_1_0 = head_->http_1_0;
  framing.keep_alive = keep_alive_;
  if (head.status != 204 && head.status != 304) {
    framing.content_length = length;
    framing.chunked = !length && !head_->http_1_0;
  }
  AppendAnswerHead(head, framing, DateText().Now(), pending_);
  chunked_ = framing.chunked && !bodyless_;
  length_ = length;
}

void SocketTransfer::Write(std::string_view bytes) {
  if (stage_ != Stage::kStreaming) throw std::logic_error("Write() without StartReply()");
  if (bodyless_ || bytes.empty()) {
    Send(std::exchange(pending_, {}));
    return;
  }
  written_ += bytes.size();
  if (length_ && written_ > *length_) throw std::logic_error("answer longer than its length");
  if (chunked_) {
    std::array<char, 16> size;
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    pending_.append(size.data(), end).append("\r\n");
  }
  if (bytes.size() <= kCopyBytes) {
    pending_.append(bytes);
    if (chunked_) pending_.append("\r\n");
    Send(pending_);
    pending_.clear();
  } else {
    Send(pending_, true);
    Send(bytes);
    // The client has the data; the line end that follows may go with the next chunk.
    pending_ = chunked_ ? "\r\n" : "";
  }
}

void SocketTransfer::FinishReply() {
  if (stage_ != Stage::kStreaming) throw std::logic_error("FinishReply() without StartReply()");
  if (!bodyless_ && length_ && written_ < *length_) {
    spdlog::error("{} {} {}: answer of {} bytes ended after {}", head_->id, head_->method,
                  LoggedTarget(head_->target), *length_, written_);
    Abort();
    return;
  }
  if (chunked_) pending_.append("0\r\n\r\n");
  stage_ = Stage::kAnswered;
  WritePending();
}

void SocketTransfer::BeginAnswer(Stage stage, bool close) {
  if (stage_ != Stage::kUnanswered) throw std::logic_error("the request is answered already");
  stage_ = stage;
  UnreadBody unread = body_.Unread();
  // Whoever streams an answer while the body still comes is expected to read it to its end.
  if (stage == Stage::kStreaming && !unread.client_waits) unread = UnreadBody();
  keep_alive_ =
      PlanAfterAnswer(*head_, unread, close || stopping(), options_.drain_bytes).keep_alive;
}

void SocketTransfer::Fail(int status, const std::string& message, Handler& handler) {
  if (stage_ == Stage::kAnswered) return;
  if (stage_ != Stage::kUnanswered || status == 0) {
    Abort();
    return;
  }
  Response response = handler.ServerError(status, message, head_.get());
  // A body that is malformed or does not come leaves nothing to begin the next request with.
  response.close = true;
  Reply(std::move(response));
}

void SocketTransfer::Send(std::string_view bytes, bool more) {
  SendAll(socket_, bytes, more, write_guard_);
}

}  // namespace mkv::http
