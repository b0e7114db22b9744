#include "mkvcore/volumes/loop_volume_client.h"

#include <utility>

#include "mkvcore/volumes/blob_path_guard.h"
#include "mkvcore/volumes/plain_transport.h"
#include "mkvcore/volumes/tls_transport.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {
namespace {

using Delivery = VolumeAnswer::Delivery;

std::unique_ptr<LoopTransport> MakeTransport(EventLoop& loop, const VolumeOptions& options,
                                             std::size_t idle_of_host) {
  if (options.tls) return std::make_unique<TlsTransport>(loop, options);
  return std::make_unique<PlainTransport>(loop, options, idle_of_host);
}

// The volume has answered, though that may leave in doubt what it will do (kUnanswered).
bool IsWhole(const VolumeAnswer& answer) {
  return answer.delivery == Delivery::kAnswered || (answer.status != 0 && answer.error.empty());
}

}  // namespace

LoopVolumeClient::LoopVolumeClient(EventLoop& loop, const VolumeOptions& options,
                                   VolumeHealth& health, std::size_t idle_of_host)
    : timeouts_(options.timeouts),
      health_(health),
      takes_puts_(!options.tls),
      transport_(MakeTransport(loop, options, idle_of_host)) {}

LoopVolumeClient::~LoopVolumeClient() = default;

void LoopVolumeClient::Head(const BlobLocation& blob, Callback done) {
  Ask(LoopRequest::Method::kHead, blob, timeouts_.head, std::move(done));
}

void LoopVolumeClient::Get(const BlobLocation& blob, std::size_t size, ValueCallback done) {
  LoopRequest request;
  request.method = LoopRequest::Method::kGet;
  request.blob = blob;
  request.expected = size;
  request.time_out = timeouts_.head;
  Start(std::move(request),
        [size, done = std::move(done)](const VolumeAnswer& got, std::string value) {
          VolumeAnswer answer = got;
          if (answer.ok() && (!answer.error.empty() || value.size() != size ||
                              answer.content_length.value_or(size) != size)) {
            answer.delivery = Delivery::kUnanswered;
            answer.error = "the blob is not " + std::to_string(size) + " bytes long";
          }
          done(answer, std::move(value));
        });
}

void LoopVolumeClient::GetUpTo(const BlobLocation& file, std::size_t limit, ValueCallback done) {
  LoopRequest request;
  request.method = LoopRequest::Method::kGet;
  request.blob = file;
  request.expected = limit;
  request.time_out = timeouts_.stall;
  request.renewed = true;
  Start(std::move(request), [done = std::move(done)](const VolumeAnswer& got, std::string value) {
    VolumeAnswer answer = got;
    // The volume is none the worse for it.
    if (!answer.error.empty() && answer.ok()) answer.delivery = Delivery::kUnanswered;
    done(answer, std::move(value));
  });
}

void LoopVolumeClient::Put(const BlobLocation& blob, std::shared_ptr<const std::string> value,
                           Callback done) {
  RequireBlobPath(blob.path);
  LoopRequest request;
  request.method = LoopRequest::Method::kPut;
  request.blob = blob;
  request.body = std::move(value);
  request.time_out = timeouts_.connect + timeouts_.answer;
  Start(std::move(request), [&health = health_, volume = blob.volume, done = std::move(done)](
                                const VolumeAnswer& got, const std::string&) {
    VolumeAnswer answer = got;
    if (IsWhole(got)) health.AnsweredPut(volume, got.status);
    if (got.overdue) health.OverduePut(volume);
    // nginx stores nothing with another 2xx: something else answered.
    if (answer.ok() && answer.status != 201 && answer.status != 204) {
      answer.delivery = Delivery::kUnanswered;
      answer.error = "an answer " + std::to_string(got.status) + " that does not fit a PUT";
    }
    done(answer);
  });
}

void LoopVolumeClient::Delete(const BlobLocation& blob, Callback done) {
  RequireBlobPath(blob.path);
  Ask(LoopRequest::Method::kDelete, blob, timeouts_.remove, std::move(done));
}

void LoopVolumeClient::Ask(LoopRequest::Method method, const BlobLocation& blob,
                           std::chrono::milliseconds time_out, Callback done) {
  LoopRequest request;
  request.method = method;
  request.blob = blob;
  request.time_out = time_out;
  Start(std::move(request),
        [done = std::move(done)](const VolumeAnswer& answer, const std::string&) { done(answer); });
}

void LoopVolumeClient::Start(LoopRequest request, ValueCallback done) {
  ++*under_way_;
  request.done = [&health = health_, count = under_way_, volume = request.blob.volume,
                  done = std::move(done)](const VolumeAnswer& answer, std::string value) {
    --*count;
    if (IsWhole(answer)) {
      health.Answered(volume);
    } else {
      health.Failed(volume, answer.error);
    }
    done(answer, std::move(value));
  };
  transport_->Start(std::move(request));
}

}  // namespace mkv
