#include "mkvcore/volumes/plain_transport.h"

#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mkvcore/volumes/session_pool.h"
#include "mkvcore/volumes/volume_connection.h"
#include "mkvcore/volumes/volume_connector.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {
namespace {

using Clock = EventLoop::Clock;
using Delivery = VolumeAnswer::Delivery;
using Method = LoopRequest::Method;

// All connections of a loop read into one buffer.
constexpr std::size_t kScratchBytes = 64 << 10;

const char* NameOf(Method method) {
  switch (method) {
    case Method::kHead:
      return "HEAD ";
    case Method::kGet:
      return "GET ";
    case Method::kPut:
      return "PUT ";
    case Method::kDelete:
      return "DELETE ";
  }
  return "";
}

// The request as it is sent. Neither a volume's name nor a blob's path needs escaping.
std::string Spell(const LoopRequest& request, const std::string& key) {
  const std::string& volume = request.blob.volume;
  const std::string_view host = VolumeHost(volume);
  std::string text;
  text.reserve(256 + volume.size() + request.blob.path.size() +
               (request.body ? request.body->size() : 0));
  text.append(NameOf(request.method));
  text.append(volume, host.size());  // `/sv03`
  text.append(request.blob.path).append(" HTTP/1.1\r\nHost: ").append(host);
  if (!key.empty()) text.append("\r\nX-Mkv-Volume-Key: ").append(key);
  if (request.method == Method::kPut) {
    text.append("\r\nContent-Length: ").append(std::to_string(request.body->size()));
    text.append("\r\n\r\n").append(*request.body);
  } else {
    text.append("\r\n\r\n");
  }
  return text;
}

// What a first request that may have been received leaves in doubt: a value that is stored now is
// the one that the first may store later, but a file that is gone now may by then be another one.
void NoteFirstTry(Method method, VolumeAnswer& answer) {
  if (method != Method::kPut && method != Method::kDelete) return;
  answer.may_land_again = true;
  if (method == Method::kDelete || !answer.ok()) answer.delivery = Delivery::kUnanswered;
}

}  // namespace

class PlainTransport::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, const VolumeOptions& options, std::size_t idle_of_host)
      : loop_(loop),
        idle_of_host_(idle_of_host),
        key_(options.key),
        scratch_(kScratchBytes),
        connector_(std::in_place, loop, options) {}

  // The last callback under way may keep this alive a little longer than the transport.
  void Close() {
    closed_ = true;
    connector_.reset();
    for (const auto& exchange : under_way_) {
      loop_.Cancel(exchange->timer);
      exchange->connection.reset();
    }
    under_way_.clear();
    idle_.clear();
  }

  void Start(LoopRequest request) {
    const auto exchange = std::make_shared<Exchange>();
    exchange->request = std::move(request);
    SetTimer(exchange, Clock::now());
    under_way_.insert(exchange);
    if (auto connection = TakeIdle(HostOf(*exchange))) {
      Send(exchange, std::move(connection));
    } else {
      Connect(exchange);
    }
  }

 private:
  struct Exchange {
    LoopRequest request;
    EventLoop::TimerId timer = 0;
    std::unique_ptr<VolumeConnection> connection;  // once it has one
    bool sent_again = false;
    bool maybe_received = false;  // over a connection that died without an answer
  };
  using ExchangePtr = std::shared_ptr<Exchange>;
  using IdleConnections = std::vector<std::unique_ptr<VolumeConnection>>;

  static std::string_view HostOf(const Exchange& exchange) {
    return VolumeHost(exchange.request.blob.volume);
  }

  // The one used last, so that those that are not needed grow old.
  std::unique_ptr<VolumeConnection> TakeIdle(std::string_view host) {
    const auto found = idle_.find(host);
    if (found == idle_.end()) return nullptr;
    IdleConnections& connections = found->second;
    const auto oldest = Clock::now() - kConnectionAge;
    while (!connections.empty()) {
      std::unique_ptr<VolumeConnection> connection = std::move(connections.back());
      connections.pop_back();
      if (connection->since() >= oldest) return connection;
    }
    return nullptr;
  }

  void Rest(std::string_view host, std::unique_ptr<VolumeConnection> connection) {
    auto found = idle_.find(host);
    if (found == idle_.end()) found = idle_.emplace(std::string(host), IdleConnections()).first;
    IdleConnections& connections = found->second;
    if (connections.size() >= idle_of_host_) return;
    connection->Rest([&connections, closed = connection.get()] {
      std::erase_if(connections, [closed](const auto& idle) { return idle.get() == closed; });
    });
    connections.push_back(std::move(connection));
  }

  void Connect(const ExchangePtr& exchange) {
    connector_->Connect(
        std::string(HostOf(*exchange)), [this, exchange](int socket, const std::string& error) {
          const auto keep_alive = shared_from_this();
          const bool expected = under_way_.contains(exchange);
          if (socket < 0) {
            if (expected) Fail(exchange, error);
            return;
          }
          std::unique_ptr<VolumeConnection> connection;
          try {
            connection = std::make_unique<VolumeConnection>(loop_, socket, scratch_);
          } catch (const std::system_error& failed) {
            if (expected) Fail(exchange, failed.what());
            return;
          }
          if (expected) Send(exchange, std::move(connection));
        });
  }

  void Send(const ExchangePtr& exchange, std::unique_ptr<VolumeConnection> connection) {
    const bool reused = connection->used();
    const LoopRequest& request = exchange->request;
    exchange->connection = std::move(connection);
    exchange->connection->Send(Spell(request, key_), request.method == Method::kHead,
                               request.expected,
                               [this, exchange, reused](VolumeConnection::Exchanged exchanged) {
                                 const auto keep_alive = shared_from_this();
                                 OnEnd(exchange, std::move(exchanged), reused);
                               });
  }

  void OnEnd(const ExchangePtr& exchange, VolumeConnection::Exchanged exchanged, bool reused) {
    std::unique_ptr<VolumeConnection> connection = std::move(exchange->connection);
    if (exchanged.reusable) {
      Rest(HostOf(*exchange), std::move(connection));
    } else if (reused && !exchanged.began_answer && !exchange->sent_again) {
      exchange->sent_again = true;
      exchange->maybe_received = exchanged.sent_anything;
      return Connect(exchange);
    }
    VolumeAnswer& answer = exchanged.answer;
    if (!exchanged.sent_all && answer.ok()) {
      answer.delivery = Delivery::kUnanswered;
      answer.error = "it answered before it had the value";
    }
    Finish(exchange, std::move(answer), std::move(exchanged.value));
  }

  void SetTimer(const ExchangePtr& exchange, Clock::time_point since) {
    exchange->timer =
        loop_.RunAt(since + exchange->request.time_out, [this, exchange] { Expire(exchange); });
  }

  void Expire(const ExchangePtr& exchange) {
    const auto keep_alive = shared_from_this();
    exchange->timer = 0;
    if (exchange->request.renewed && exchange->connection) {
      const auto moved_at = exchange->connection->moved_at();
      if (moved_at + exchange->request.time_out > Clock::now()) {
        return SetTimer(exchange, moved_at);
      }
    }
    Fail(exchange, "the volume does not answer", /*overdue=*/true);
  }

  void Fail(const ExchangePtr& exchange, const std::string& error, bool overdue = false) {
    VolumeAnswer answer;
    answer.error = error;
    const bool sent = exchange->connection && exchange->connection->sent_anything();
    answer.delivery = sent ? Delivery::kUnanswered : Delivery::kNeverSent;
    answer.overdue = sent && overdue;
    exchange->connection.reset();
    Finish(exchange, std::move(answer), {});
  }

  void Finish(const ExchangePtr& exchange, VolumeAnswer answer, std::string value) {
    if (exchange->timer != 0) loop_.Cancel(exchange->timer);
    under_way_.erase(exchange);
    if (exchange->maybe_received) NoteFirstTry(exchange->request.method, answer);
    exchange->request.done(answer, std::move(value));
  }

  EventLoop& loop_;
  const std::size_t idle_of_host_;
  const std::string key_;
  std::vector<char> scratch_;
  std::map<std::string, IdleConnections, std::less<>> idle_;
  std::unordered_set<ExchangePtr> under_way_;
  std::optional<VolumeConnector> connector_;
  bool closed_ = false;
};

PlainTransport::PlainTransport(EventLoop& loop, const VolumeOptions& options,
                               std::size_t idle_of_host)
    : impl_(std::make_shared<Impl>(loop, options, idle_of_host)) {}

PlainTransport::~PlainTransport() { impl_->Close(); }

void PlainTransport::Start(LoopRequest request) { impl_->Start(std::move(request)); }

}  // namespace mkv
