#include "mkvcore/http/server.h"

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <latch>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "mkvcore/http/connection.h"
#include "mkvcore/http/listener.h"
#include "mkvcore/http/server_state.h"

namespace mkv::http {
namespace {

// How often another free port is looked for when one is taken between the test and the use.
constexpr int kPortAttempts = 10;

// For people. Poco's own text repeats the address, and names the exception.
std::string ReasonOf(const Poco::Exception& error) {
  const bool is_errno =
      error.code() != 0 && dynamic_cast<const Poco::Net::DNSException*>(&error) == nullptr;
  return is_errno ? std::generic_category().message(error.code()) : error.displayText();
}

std::size_t OpenFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1 << 20;
  return static_cast<std::size_t>(limit.rlim_cur);
}

ServerOptions WithDefaults(ServerOptions options) {
  constexpr std::size_t kLeastTransfers = 4;
  constexpr std::size_t kMostTransfers = 4096;
  const std::size_t files = OpenFileLimit();
  if (options.loops == 0) options.loops = std::max(1U, std::thread::hardware_concurrency());
  // The rest is for what requests open in their turn: volumes and the index.
  if (options.max_connections == 0) {
    options.max_connections = std::max<std::size_t>(16, files / 4 * 3);
  }
  if (options.transfers == 0) {
    const std::size_t rest = files - std::min(files, options.max_connections);
    options.transfers = static_cast<unsigned>(
        std::clamp(rest / options.transfer_descriptors, kLeastTransfers, kMostTransfers));
  }
  return options;
}

std::uint64_t RandomStart() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler& handler)
      : state_(std::make_shared<ServerState>(WithDefaults(std::move(options)), handler)) {}

  ~Impl() { Stop(); }

  void Start() {
    // The log makes its registry when it is first used: here, before there are threads to race.
    static_cast<void>(spdlog::default_logger_raw());
    const unsigned count = state_->options.loops;
    const std::uint64_t ids = RandomStart();
    std::vector<Loop> loops(count);
    for (unsigned i = 0; i < count; ++i) {
      loops[i].state = std::make_shared<LoopState>(state_, RequestIds(ids, i, count));
    }
    Listen(loops);
    for (Loop& loop : loops) {
      loop.state->events.Post([this, state = loop.state.get(), listener = loop.listener.get()] {
        state_->handler.OnLoopStart(state->events);
        listener->Start();
      });
      loop.thread = std::thread([events = &loop.state->events] { events->Run(); });
    }
    loops_ = std::move(loops);
  }

  std::uint16_t port() const { return port_; }

  void ReloadCertificate() {
    if (state_->tls) state_->tls->Reload();
  }

  bool Stop() {
    if (loops_.empty()) return true;
    const auto deadline = std::chrono::steady_clock::now() + state_->options.stop_timeout;
    state_->stop.store(StopStage::kDraining);
    std::latch draining(static_cast<std::ptrdiff_t>(loops_.size()));
    for (const Loop& loop : loops_) {
      loop.state->events.Post([&draining, &loop] {
        loop.listener->Stop();
        ForEachConnection(*loop.state, &Connection::Drain);
        draining.count_down();
      });
    }
    // From then on the number of connections only falls.
    draining.wait();
    const bool finished = state_->connections.WaitForNone(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
    state_->stop.store(StopStage::kBreakingOff);
    state_->handler.OnBreakOff();
    for (const Loop& loop : loops_) {
      loop.state->events.Post([&loop] { ForEachConnection(*loop.state, &Connection::Abandon); });
    }
    // Transfers that were interrupted still bring their connections back to the loops.
    state_->workers.Stop();
    for (Loop& loop : loops_) {
      loop.state->events.Post([this, &loop] {
        state_->handler.OnLoopEnd(loop.state->events);
        loop.state->events.Stop();
      });
      loop.thread.join();
    }
    loops_.clear();
    return finished;
  }

 private:
  struct Loop {
    std::shared_ptr<LoopState> state;
    std::unique_ptr<Listener> listener;
    std::thread thread;
  };

  void Listen(std::vector<Loop>& loops) {
    for (int attempt = 1;; ++attempt) {
      try {
        const Poco::Net::SocketAddress address = FindFreeAddress(state_->options);
        for (Loop& loop : loops) loop.listener = std::make_unique<Listener>(address, loop.state);
        port_ = address.port();
        return;
      } catch (const Poco::Exception& error) {
        const ServerOptions& options = state_->options;
        if (options.port == 0 && attempt < kPortAttempts) continue;
        throw std::runtime_error("can not listen on " + options.address + ":" +
                                 std::to_string(options.port) + ": " + ReasonOf(error));
      }
    }
  }

  // Of one loop, on its thread. The calls may close connections.
  static void ForEachConnection(const LoopState& loop, void (Connection::*call)()) {
    std::vector<std::shared_ptr<Connection>> connections;
    connections.reserve(loop.connections.size());
    for (const auto& [key, connection] : loop.connections) connections.push_back(connection);
    for (const auto& connection : connections) (connection.get()->*call)();
  }

  const std::shared_ptr<ServerState> state_;
  std::vector<Loop> loops_;  // empty when not running
  std::uint16_t port_ = 0;
};

Server::Server(ServerOptions options, Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}
Server::~Server() = default;

void Server::Start() { impl_->Start(); }
std::uint16_t Server::port() const { return impl_->port(); }
void Server::ReloadCertificate() { impl_->ReloadCertificate(); }
bool Server::Stop() { return impl_->Stop(); }

}  // namespace mkv::http
