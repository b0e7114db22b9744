#include "mkvcore/volumes/tls_transport.h"

#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "mkvcore/volumes/curl_loop.h"
#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {

class TlsTransport::Impl : public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(const VolumeOptions& options) : session_(options) {}

  void Open(EventLoop& loop) {
    curl_ = std::make_shared<CurlLoop>(loop, session_.multi(), [self = weak_from_this()] {
      if (const std::shared_ptr<Impl> impl = self.lock()) impl->Settle();
    });
  }

  // The last callback under way may keep this alive a little longer than the transport.
  void Close() {
    curl_->Close();
    pending_.clear();
  }

  void Start(LoopRequest asked) {
    auto request = std::make_unique<VolumeRequest>(session_, asked.blob);
    const auto value = std::make_shared<std::string>();
    if (asked.method == LoopRequest::Method::kHead) {
      request->Set(CURLOPT_NOBODY, 1L);
    } else {
      value->reserve(asked.expected);
      request->set_body_matters(true);
      request->set_sink([value, size = asked.expected](std::string_view piece) {
        if (piece.size() > size - value->size()) return VolumeRequest::Taken::kStop;
        value->append(piece);
        return VolumeRequest::Taken::kAll;
      });
    }
    request->Set(CURLOPT_TIMEOUT_MS, static_cast<long>(asked.time_out.count()));
    request->Start();
    const VolumeRequest* const id = request.get();
    pending_.emplace(id, Pending{std::move(request), value, std::move(asked.done)});
  }

 private:
  struct Pending {
    std::unique_ptr<VolumeRequest> request;
    std::shared_ptr<std::string> value;
    LoopRequest::Done done;
  };

  void Settle() {
    for (VolumeRequest* request : session_.Settle()) {
      auto node = pending_.extract(request);
      if (node.empty()) continue;  // closed by a callback before this one
      const VolumeAnswer answer = request->answer();
      node.mapped().request.reset();
      node.mapped().done(answer, std::move(*node.mapped().value));
    }
  }

  CurlSession session_;
  std::shared_ptr<CurlLoop> curl_;
  std::unordered_map<const VolumeRequest*, Pending> pending_;  // after session_: ends before it
};

TlsTransport::TlsTransport(EventLoop& loop, const VolumeOptions& options)
    : impl_(std::make_shared<Impl>(options)) {
  impl_->Open(loop);
}

TlsTransport::~TlsTransport() { impl_->Close(); }

void TlsTransport::Start(LoopRequest request) {
  if (request.method == LoopRequest::Method::kPut) throw std::logic_error("a PUT over TLS");
  impl_->Start(std::move(request));
}

}  // namespace mkv
