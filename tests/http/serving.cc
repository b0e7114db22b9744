#include "tests/http/serving.h"

#include <Poco/String.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "mkvcore/http/chunked_decoder.h"

namespace mkv::http {
namespace {

Response Text(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

void Echo(Transfer& transfer) {
  std::vector<char> buffer(64 << 10);
  Source& body = transfer.body();
  Response head;
  bool started = false;
  for (;;) {
    const Source::Chunk chunk = body.Read(buffer);
    if (chunk.state == Source::State::kWouldBlock) {
      pollfd entry{body.poll_fd(), body.poll_events(), 0};
      ::poll(&entry, 1, 1000);
      continue;
    }
    if (!std::exchange(started, true)) transfer.StartReply(head, body.size());
    if (chunk.state == Source::State::kEnd) break;
    transfer.Write(std::string_view(buffer.data(), chunk.bytes));
  }
  transfer.FinishReply();
}

void Collect(Transfer& transfer) {
  const bool held = transfer.body().held().has_value();
  std::string text = std::to_string(transfer.ReadBody(64 << 20).size());
  if (held) text += " held";
  for (const auto& [name, value] : transfer.trailers()) {
    text.append(" ").append(name).append("=").append(value);
  }
  transfer.Reply(Text(200, text));
}

void Stream(Transfer& transfer, std::size_t bytes) {
  transfer.StartReply(Response{}, bytes);
  const std::string piece(64 << 10, 's');
  for (std::size_t sent = 0; sent < bytes; sent += piece.size()) {
    transfer.Write(std::string_view(piece).substr(0, bytes - sent));
  }
  transfer.FinishReply();
}

}  // namespace

void Gate::Open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void Gate::Wait() {
  std::unique_lock lock(mutex_);
  ++arrived_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

void Gate::AwaitArrivals(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return arrived_ >= count; });
}

void PathHandler::OnRequest(std::shared_ptr<Exchange> exchange) {
  {
    const std::lock_guard lock(mutex_);
    last_head_ = exchange->head();
  }
  const std::string& path = exchange->head().path;
  if (path == "/hello") {
    exchange->Reply(Text(200, "hello"));
  } else if (path == "/big") {
    exchange->Reply(Text(200, std::string(big_bytes, 'b')));
  } else if (path == "/later") {
    exchange->loop().RunAt(EventLoop::Clock::now() + std::chrono::milliseconds(20),
                           [exchange] { exchange->Reply(Text(200, "later")); });
  } else if (path == "/drop") {
    return;
  } else if (path == "/throw") {
    throw std::runtime_error("thrown on purpose");
  } else if (path == "/early") {
    exchange->Reply(Text(403, "early"));
  } else if (path == "/loop" || path == "/loop-then-worker" || path == "/loop-throw") {
    CollectOnLoop(exchange);
  } else {
    exchange->RunOnWorker([this](Transfer& transfer) {
      try {
        Work(transfer);
      } catch (const TransferError&) {
        ++failed_transfers;
        throw;
      }
    });
  }
}

void PathHandler::CollectOnLoop(const std::shared_ptr<Exchange>& exchange) {
  const bool collects = exchange->Collect([exchange](const Exchange::Collected& body) {
    const std::string& path = exchange->head().path;
    if (path == "/loop-throw") throw std::runtime_error("thrown on purpose");
    if (path == "/loop-then-worker") return exchange->RunOnWorker(&Collect);
    // Later, so that what comes meanwhile is not taken for the body.
    exchange->loop().RunAt(EventLoop::Clock::now() + std::chrono::milliseconds(5),
                           [exchange, body] { exchange->Reply(Text(200, *body)); });
  });
  if (!collects) exchange->Reply(Text(200, "not collected"));
}

void PathHandler::Work(Transfer& transfer) {
  const std::string& path = transfer.head().path;
  if (path == "/worker") {
    transfer.Reply(Text(200, "worker"));
  } else if (path == "/echo") {
    Echo(transfer);
  } else if (path == "/collect") {
    Collect(transfer);
  } else if (path == "/gate") {
    gate.Pass();
    saw_stopping = transfer.stopping();
    transfer.Reply(Text(200, "passed"));
  } else if (path == "/until-broken-off") {
    gate.Pass();
    while (!transfer.breaking_off()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    transfer.Reply(Text(200, "broken off"));
  } else if (path == "/stream") {
    Stream(transfer, big_bytes);
  } else if (path == "/chunks") {
    transfer.StartReply(Response{}, std::nullopt);
    for (const std::string& piece :
         {std::string("one"), std::string("two"), std::string(), std::string(20'000, '3')}) {
      transfer.Write(piece);
    }
    transfer.FinishReply();
  } else if (path == "/refuse") {
    transfer.Reply(Text(403, "refused"));
  } else if (path == "/short") {
    transfer.StartReply(Response{}, 10);
    transfer.Write("four");
    transfer.FinishReply();
  } else if (path == "/breakoff") {
    transfer.StartReply(Response{}, std::nullopt);
    transfer.Write("half");
    throw std::runtime_error("thrown on purpose");
  } else if (path == "/throw-work") {
    throw std::runtime_error("thrown on purpose");
  } else if (path == "/read-limit") {
    transfer.Reply(Text(200, transfer.ReadBody(10)));
  }
}

Response PathHandler::ServerError(int status, const std::string& message, const RequestHead* head) {
  Response response = Text(status, message + " " + head->path);
  response.Header("X-Id", head->id);
  return response;
}

RequestHead PathHandler::last_head() const {
  const std::lock_guard lock(mutex_);
  return last_head_;
}

ServerOptions Serving::Quick(ServerOptions options) {
  options.address = "127.0.0.1";
  options.port = 0;
  if (options.loops == 0) options.loops = 2;
  return options;
}

std::string Serving::Ask(std::string_view request) const {
  testing::RawConnection connection = Connect();
  connection.Send(request);
  return connection.ReadResponse();
}

std::string Request(std::string_view method, std::string_view path, std::string_view fields) {
  std::string request(method);
  request.append(" ").append(path).append(" HTTP/1.1\r\nHost: test\r\n");
  return request.append(fields).append("\r\n");
}

int StatusOf(std::string_view response) {
  if (!response.starts_with("HTTP/1.1 ") || response.size() < 12) return 0;
  return std::stoi(std::string(response.substr(9, 3)));
}

std::string_view BodyOf(std::string_view response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string_view::npos ? "" : response.substr(end + 4);
}

std::optional<std::string> HeaderOf(std::string_view response, std::string_view name) {
  std::string_view head = response.substr(0, response.find("\r\n\r\n"));
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    if (line.size() > name.size() + 1 && line[name.size()] == ':' &&
        Poco::icompare(std::string(line.substr(0, name.size())), std::string(name)) == 0) {
      return std::string(line.substr(name.size() + 2));
    }
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 2);
  }
  return std::nullopt;
}

std::string Unchunked(std::string_view body) {
  ChunkedDecoder decoder(1ULL << 40);
  std::string data(body.size(), '\0');
  const auto progress = decoder.Decode(body, data);
  if (!decoder.done() || progress.consumed != body.size()) {
    throw std::runtime_error("not one whole chunked body");
  }
  data.resize(progress.produced);
  return data;
}

}  // namespace mkv::http
