// A request on a worker thread: the blocking side of a connection.
//
// While it exists the connection is not watched by its loop, and the socket is the worker's. What
// is left when the work is done (an answer that the socket did not take at once, bytes of the next
// request) goes back to the loop: no worker waits for a client to take a small answer.
#ifndef MKVCORE_HTTP_SOCKET_TRANSFER_H_
#define MKVCORE_HTTP_SOCKET_TRANSFER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/after_answer.h"
#include "mkvcore/http/client_body.h"
#include "mkvcore/http/client_socket.h"
#include "mkvcore/http/handler.h"
#include "mkvcore/http/rate_guard.h"
#include "mkvcore/http/server.h"

namespace mkv::http {

class SocketTransfer final : public Transfer {
 public:
  // See ClientBody for `unread` and `collected`. The references outlive the transfer.
  SocketTransfer(std::shared_ptr<const RequestHead> head, ClientSocket& socket,
                 const ServerOptions& options, const std::atomic<StopStage>& stop,
                 std::string unread, std::optional<std::string> collected);

  // Runs `work`, and sees to it that the request is answered whatever becomes of it.
  void Run(const std::function<void(Transfer&)>& work, Handler& handler);

  // What the loop takes over. After Run(), once.
  struct Outcome {
    AfterAnswer after;
    std::string unread;  // bytes read that belong to what follows this request
    std::string unsent;  // the rest of the answer
    bool reset = false;  // the answer is incomplete and stays so
  };
  Outcome TakeOutcome();

  const RequestHead& head() const override { return *head_; }
  Source& body() override { return body_; }
  void AcceptBody() override { body_.Accept(); }
  std::string ReadBody(std::size_t limit) override { return body_.ReadWhole(limit); }
  const Poco::Net::MessageHeader& trailers() const override { return body_.trailers(); }
  void Reply(Response response) override;
  void StartReply(const Response& head, std::optional<std::uint64_t> length) override;
  void Write(std::string_view bytes) override;
  void FinishReply() override;
  void Abort() override { stage_ = Stage::kAborted; }
  bool replied() const override { return stage_ != Stage::kUnanswered; }
  bool stopping() const override {
    return stop_.load(std::memory_order_relaxed) != StopStage::kServing;
  }
  bool breaking_off() const override {
    return stop_.load(std::memory_order_relaxed) == StopStage::kBreakingOff;
  }

 private:
  enum class Stage { kUnanswered, kStreaming, kAnswered, kAborted };

  // Decides whether the connection goes on, which the head of the answer announces.
  void BeginAnswer(Stage stage, bool close);
  void Fail(int status, const std::string& message, Handler& handler);
  void Send(std::string_view bytes, bool more = false);
  // As much as goes without waiting.
  void WritePending(bool more = false);
  void Log() const;

  std::shared_ptr<const RequestHead> head_;
  ClientSocket& socket_;
  const ServerOptions& options_;
  const std::atomic<StopStage>& stop_;
  ClientBody body_;
  RateGuard write_guard_;

  Stage stage_ = Stage::kUnanswered;
  int status_ = 0;           // of the answer
  bool keep_alive_ = false;  // as announced in the head of the answer
  std::string pending_;      // to be sent before, or instead of, what is written next
  // Of an answer in pieces:
  bool bodyless_ = false;
  bool chunked_ = false;
  std::optional<std::uint64_t> length_;
  std::uint64_t written_ = 0;  // of the answer's body, whole or in pieces
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_SOCKET_TRANSFER_H_
