#include "mkvcore/volumes/blob_source.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "mkvcore/volumes/volume_health.h"

namespace mkv {
namespace {

// libcurl reads from the socket at most this much for each call of Perform(); what the caller has
// no room for is kept.
constexpr long kReceiveBuffer = 128 << 10;

}  // namespace

BlobSource::BlobSource(VolumeClient& client, BlobLocation blob, const std::string& range)
    : client_(client),
      blob_(std::move(blob)),
      session_(client.pollable_sessions().Borrow()),
      request_(std::make_unique<VolumeRequest>(session_->curl(), blob_)),
      waiting_since_(Clock::now()) {
  request_->Set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  request_->SetRange(range);
  request_->set_body_matters(true);
  request_->set_sink([this](std::string_view piece) { return Take(piece); });
  request_->Start();
  session_->PerformUntil([this] { return request_->status_so_far() != 0 || request_->done(); },
                         waiting_since_ + client_.timeouts().stall);
  if (request_->status_so_far() == 0) RequireProgress();
  const int status = request_->status_so_far();
  if (status == 0) Fail(request_->answer().error);
  client_.health().Answered(blob_.volume);
  if (!request_->DeliversRange()) ThrowUnreadable("it answered " + std::to_string(status));
  const VolumeAnswer head = request_->AnswerSoFar();
  size_ = head.content_length;
  last_modified_ = head.last_modified;
}

BlobSource::~BlobSource() = default;

VolumeRequest::Taken BlobSource::Take(std::string_view piece) {
  if (room_.empty()) {
    paused_ = true;
    return VolumeRequest::Taken::kPause;
  }
  received_ += piece.size();
  const std::size_t fits = std::min(room_.size(), piece.size());
  std::copy_n(piece.begin(), fits, room_.begin());
  room_ = room_.subspan(fits);
  left_over_.append(piece.substr(fits));
  return VolumeRequest::Taken::kAll;
}

Source::Chunk BlobSource::Read(std::span<char> buffer) {
  const std::size_t kept = left_over_.copy(buffer.data(), buffer.size());
  left_over_.erase(0, kept);
  room_ = buffer.subspan(kept);
  while (!room_.empty() && !request_->done()) {
    const bool goes_on = std::exchange(paused_, false);
    if (goes_on) request_->Unpause();
    if (!session_->Perform() && !goes_on) break;
  }
  const std::size_t bytes = buffer.size() - room_.size();
  room_ = {};
  if (bytes > 0) {
    waiting_since_ = {};
    return {State::kData, bytes};
  }
  if (request_->done()) {
    const VolumeAnswer& answer = request_->answer();
    if (!answer.ok()) Fail(answer.error);
    if (size_ && received_ != *size_) Fail("it sent " + std::to_string(received_) + " bytes");
    return {State::kEnd};
  }
  if (waiting_since_ == Clock::time_point{}) waiting_since_ = Clock::now();
  RequireProgress();
  return {State::kWouldBlock};
}

int BlobSource::poll_fd() const { return request_->done() ? -1 : session_->fd(); }

short BlobSource::poll_events() const { return POLLIN; }

void BlobSource::RequireProgress() {
  if (request_->done() || Clock::now() - waiting_since_ < client_.timeouts().stall) return;
  request_->BreakOff("");
  Fail("it sends nothing");
}

void BlobSource::Fail(const std::string& why) {
  if (request_->answer().delivery == VolumeAnswer::Delivery::kAnswered) {
    client_.health().Answered(blob_.volume);
  } else {
    client_.health().Failed(blob_.volume, why);
  }
  ThrowUnreadable(why);
}

void BlobSource::ThrowUnreadable(const std::string& why) const {
  throw SourceError(blob_.Url(client_.options().scheme()) + " can not be read: " + why);
}

}  // namespace mkv
