#include "mkvcore/http/socket_exchange.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "mkvcore/http/access_log.h"
#include "mkvcore/http/connection.h"

namespace mkv::http {

SocketExchange::SocketExchange(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

SocketExchange::~SocketExchange() {
  if (answered_) return;
  spdlog::error("{} {} {}: dropped unanswered", head_.id, head_.method, LoggedTarget(head_.target));
  EventLoop& events = loop();
  events.Post([connection = std::move(connection_), head = std::move(head_)] {
    connection->OnDropped(head);
  });
}

EventLoop& SocketExchange::loop() { return connection_->events(); }

void SocketExchange::Reply(Response response) {
  if (!TakeBack()) return;
  connection_->Reply(head_, response);
}

bool SocketExchange::Collect(std::function<void(const Collected& body)> then) {
  return !answered_ && connection_->Collect(shared_from_this(), std::move(then));
}

void SocketExchange::RunOnWorker(std::function<void(Transfer&)> work) {
  if (!TakeBack()) return;
  connection_->RunOnWorker(shared_from_this(), std::move(work));
}

}  // namespace mkv::http
