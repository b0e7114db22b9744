// A request as its handler sees it on the loop. See Exchange.
#ifndef MKVCORE_HTTP_SOCKET_EXCHANGE_H_
#define MKVCORE_HTTP_SOCKET_EXCHANGE_H_

#include <functional>
#include <memory>

#include "mkvcore/http/handler.h"

namespace mkv::http {

class Connection;

class SocketExchange final : public Exchange, public std::enable_shared_from_this<SocketExchange> {
 public:
  explicit SocketExchange(std::shared_ptr<Connection> connection);
  // Unanswered: has the connection answer 500. Any thread.
  ~SocketExchange() override;

  const RequestHead& head() const override { return head_; }
  RequestHead& mutable_head() { return head_; }
  EventLoop& loop() override;
  void Reply(Response response) override;
  bool Collect(std::function<void(const Collected& body)> then) override;
  void RunOnWorker(std::function<void(Transfer&)> work) override;

  // The connection answers without the handler. False if an answer is already on its way.
  bool TakeBack() { return !std::exchange(answered_, true); }
  // The handler has it again.
  void GiveBack() { answered_ = false; }

 private:
  RequestHead head_;
  std::shared_ptr<Connection> connection_;
  bool answered_ = false;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_SOCKET_EXCHANGE_H_
