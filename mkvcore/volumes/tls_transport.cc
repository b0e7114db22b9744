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
    const auto value = std::make_shared<Value>();
    if (asked.method == LoopRequest::Method::kHead) {
      request->Set(CURLOPT_NOBODY, 1L);
    } else if (asked.method == LoopRequest::Method::kDelete) {
      request->Set(CURLOPT_CUSTOMREQUEST, "DELETE");
    } else {
      request->set_body_matters(true);
      request->set_sink([value, limit = asked.expected](std::string_view piece) {
        value->too_long = piece.size() > limit - value->bytes.size();
        if (value->too_long) return VolumeRequest::Taken::kStop;
        value->bytes.append(piece);
        return VolumeRequest::Taken::kAll;
      });
    }
    if (asked.renewed) {
      // libcurl looks whether it moved anything in whole seconds.
      const auto stall = std::chrono::ceil<std::chrono::seconds>(asked.time_out);
      request->Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
      request->Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
    } else {
      request->Set(CURLOPT_TIMEOUT_MS, static_cast<long>(asked.time_out.count()));
    }
    request->Start();
    const VolumeRequest* const id = request.get();
    pending_.emplace(id, Pending{std::move(request), value, asked.expected, std::move(asked.done)});
  }

 private:
  struct Value {
    std::string bytes;
    bool too_long = false;
  };
  struct Pending {
    std::unique_ptr<VolumeRequest> request;
    std::shared_ptr<Value> value;
    std::size_t expected;
    LoopRequest::Done done;
  };

  void Settle() {
    for (VolumeRequest* request : session_.Settle()) {
      auto node = pending_.extract(request);
      if (node.empty()) continue;  // closed by a callback before this one
      Pending& pending = node.mapped();
      VolumeAnswer answer = request->answer();
      if (pending.value->too_long) {
        answer.error = "longer than " + std::to_string(pending.expected) + " bytes";
      }
      pending.request.reset();
      pending.done(answer, std::move(pending.value->bytes));
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
