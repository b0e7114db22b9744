#include "mkvcore/volumes/loop_volume_client.h"

#include <curl/curl.h>
#include <sys/epoll.h>

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/volume_health.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {

// Drives a multi handle by the loop, as libcurl's "multi_socket" interface has it: libcurl says
// what to watch and when to be called again, the loop tells it what has become ready.
class LoopVolumeClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, const VolumeOptions& options, VolumeHealth& health)
      : loop_(loop), health_(health), session_(options) {
    CURLM* const multi = session_.multi();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  }

  // The last callback under way may keep this alive a little longer than the client.
  void Close() {
    closed_ = true;
    for (const int socket : watched_) loop_.Unwatch(socket);
    watched_.clear();
    pending_.clear();
    if (timer_) loop_.Cancel(*timer_);
    timer_.reset();
  }

  void Head(const BlobLocation& blob, Callback done) {
    auto request = std::make_unique<VolumeRequest>(session_, blob);
    request->Set(CURLOPT_NOBODY, 1L);
    Start(std::move(request), blob.volume, std::move(done));
  }

  void Get(const BlobLocation& blob, std::size_t size, ValueCallback done) {
    auto request = std::make_unique<VolumeRequest>(session_, blob);
    const auto value = std::make_shared<std::string>();
    value->reserve(size);
    request->set_body_matters(true);
    request->set_sink([value, size](std::string_view piece) {
      if (piece.size() > size - value->size()) return VolumeRequest::Taken::kStop;
      value->append(piece);
      return VolumeRequest::Taken::kAll;
    });
    Start(std::move(request), blob.volume,
          [value, size, done = std::move(done)](VolumeAnswer answer) {
            if (answer.ok() &&
                (value->size() != size || answer.content_length.value_or(size) != size)) {
              answer.delivery = VolumeAnswer::Delivery::kUnanswered;
              answer.error = "the blob is not " + std::to_string(size) + " bytes long";
            }
            done(answer, std::move(*value));
          });
  }

  std::size_t under_way() const { return pending_.size(); }

 private:
  struct Pending {
    std::unique_ptr<VolumeRequest> request;
    std::string volume;
    Callback done;
  };

  void Start(std::unique_ptr<VolumeRequest> request, const std::string& volume, Callback done) {
    request->Set(CURLOPT_TIMEOUT_MS, static_cast<long>(session_.options().timeouts.head.count()));
    request->Start();
    const VolumeRequest* const id = request.get();
    pending_.emplace(id, Pending{std::move(request), volume, std::move(done)});
  }

  static int OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
    static_cast<Impl*>(self)->Watch(socket, what);
    return 0;
  }

  static int OnTimer(CURLM*, long milliseconds, void* self) noexcept {
    static_cast<Impl*>(self)->SetTimer(milliseconds);
    return 0;
  }

  void Watch(int socket, int what) {
    if (closed_) return;
    if (what == CURL_POLL_REMOVE) {
      if (watched_.erase(socket) > 0) loop_.Unwatch(socket);
      return;
    }
    std::uint32_t events = 0;
    if (what != CURL_POLL_OUT) events |= EPOLLIN;
    if (what != CURL_POLL_IN) events |= EPOLLOUT;
    if (!watched_.insert(socket).second) {
      loop_.ChangeWatch(socket, events);
      return;
    }
    loop_.Watch(socket, events, [this, socket](std::uint32_t ready) {
      int flags = 0;
      if (ready & (EPOLLIN | EPOLLHUP)) flags |= CURL_CSELECT_IN;
      if (ready & EPOLLOUT) flags |= CURL_CSELECT_OUT;
      if (ready & EPOLLERR) flags |= CURL_CSELECT_ERR;
      Act(socket, flags);
    });
  }

  void SetTimer(long milliseconds) {
    if (closed_) return;
    if (timer_) loop_.Cancel(*timer_);
    timer_.reset();
    if (milliseconds < 0) return;
    const auto when = EventLoop::Clock::now() + std::chrono::milliseconds(milliseconds);
    timer_ = loop_.RunAt(when, [this] {
      timer_.reset();
      Act(CURL_SOCKET_TIMEOUT, 0);
    });
  }

  void Act(curl_socket_t socket, int flags) {
    const auto keep_alive = shared_from_this();
    int running = 0;
    curl_multi_socket_action(session_.multi(), socket, flags, &running);
    for (VolumeRequest* request : session_.Settle()) {
      auto node = pending_.extract(request);
      if (node.empty()) continue;  // closed by a callback before this one
      const VolumeAnswer answer = request->answer();
      if (answer.delivery == VolumeAnswer::Delivery::kAnswered) {
        health_.Answered(node.mapped().volume);
      } else {
        health_.Failed(node.mapped().volume, answer.error);
      }
      node.mapped().request.reset();
      node.mapped().done(answer);
    }
  }

  EventLoop& loop_;
  VolumeHealth& health_;
  CurlSession session_;
  std::unordered_map<const VolumeRequest*, Pending> pending_;  // after session_: ends before it
  std::set<int> watched_;
  std::optional<EventLoop::TimerId> timer_;
  bool closed_ = false;
};

LoopVolumeClient::LoopVolumeClient(EventLoop& loop, const VolumeOptions& options,
                                   VolumeHealth& health)
    : impl_(std::make_shared<Impl>(loop, options, health)) {}

LoopVolumeClient::~LoopVolumeClient() { impl_->Close(); }

void LoopVolumeClient::Head(const BlobLocation& blob, Callback done) {
  impl_->Head(blob, std::move(done));
}

void LoopVolumeClient::Get(const BlobLocation& blob, std::size_t size, ValueCallback done) {
  impl_->Get(blob, size, std::move(done));
}

std::size_t LoopVolumeClient::under_way() const { return impl_->under_way(); }

}  // namespace mkv
