// What the parts of one server share: by all loops and workers (ServerState), and by what lives on
// one loop (LoopState).
#ifndef MKVCORE_HTTP_SERVER_STATE_H_
#define MKVCORE_HTTP_SERVER_STATE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mkvcore/event_loop/event_loop.h"
#include "mkvcore/http/answer_head.h"
#include "mkvcore/http/collect_budget.h"
#include "mkvcore/http/handler.h"
#include "mkvcore/http/server.h"
#include "mkvcore/http/tls.h"
#include "mkvcore/http/worker_pool.h"

namespace mkv::http {

class Connection;

// The open connections of all loops. Thread-safe.
class ConnectionCount {
 public:
  void Add() { count_.fetch_add(1); }
  void Remove();
  std::size_t Get() const { return count_.load(std::memory_order_relaxed); }
  // False when there are connections left after `timeout`.
  bool WaitForNone(std::chrono::milliseconds timeout);

 private:
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
  std::condition_variable none_;
};

// Request ids: 16 upper-case hexadecimal digits, unique within the process's life and unlikely to
// meet those of another.
class RequestIds {
 public:
  // Of `stride` generators with one `start`, number `index`.
  RequestIds(std::uint64_t start, std::uint64_t index, std::uint64_t stride)
      : next_(start + index), stride_(stride) {}
  std::string Next();

 private:
  std::uint64_t next_;
  std::uint64_t stride_;
};

struct ServerState {
  ServerState(const ServerOptions& server_options, Handler& server_handler)
      : options(server_options),
        handler(server_handler),
        budget(server_options.collect_budget),
        workers(server_options.transfers) {
    if (!options.certificate.empty()) tls.emplace(options.certificate, options.private_key);
  }

  const ServerOptions options;  // with all defaults filled in
  Handler& handler;
  std::optional<TlsCertificate> tls;  // unset: connections are in the clear
  CollectBudget budget;
  ConnectionCount connections;
  std::atomic<StopStage> stop{StopStage::kServing};
  // Last, so that its threads are gone before what they use.
  WorkerPool workers;
};

// Used on the loop's thread only, but for events.Post().
struct LoopState {
  LoopState(std::shared_ptr<ServerState> server_state, RequestIds request_ids)
      : server(std::move(server_state)), ids(request_ids), scratch(kScratchBytes) {}

  static constexpr std::size_t kScratchBytes = 64 << 10;

  std::shared_ptr<ServerState> server;
  EventLoop events;
  DateText date;
  RequestIds ids;
  // All connections read into this one; only what a request leaves over is kept, so that an idle
  // connection has no buffer.
  std::vector<char> scratch;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_SERVER_STATE_H_
