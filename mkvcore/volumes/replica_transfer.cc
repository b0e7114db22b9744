#include "mkvcore/volumes/replica_transfer.h"

#include <algorithm>
#include <cstring>

#include "mkvcore/volumes/blob_path_guard.h"

namespace mkv {
namespace {

// What libcurl takes at a time. Each replica has one, beside the ring; libcurl takes no less than
// the smaller. Of the greater, half of it takes a twentieth longer for 64 MB, and twice as much no
// less.
constexpr std::uint64_t kSmallestUploadBuffer = 16 << 10;
constexpr std::uint64_t kUploadBuffer = 256 << 10;

}  // namespace

ReplicaTransfer::ReplicaTransfer(CurlSession& session, const BlobLocation& blob,
                                 const ReplicaFeed& feed, Connection connection)
    : feed_(feed), timeouts_(session.options().timeouts), request_(session, blob) {
  RequireBlobPath(blob.path);
  const std::uint64_t expected = feed.size().value_or(kUploadBuffer);
  request_.Set(CURLOPT_UPLOAD, 1L);
  request_.Set(CURLOPT_INFILESIZE_LARGE,
               feed.size() ? static_cast<curl_off_t>(*feed.size()) : curl_off_t{-1});
  request_.Set(CURLOPT_UPLOAD_BUFFERSIZE,
               static_cast<long>(std::clamp(expected, kSmallestUploadBuffer, kUploadBuffer)));
  request_.Set(CURLOPT_READFUNCTION, &OnRead);
  request_.Set(CURLOPT_READDATA, this);
  request_.Set(CURLOPT_SEEKFUNCTION, &OnSeek);
  request_.Set(CURLOPT_SEEKDATA, this);
  if (connection == Connection::kFresh) request_.Set(CURLOPT_FRESH_CONNECT, 1L);
}

void ReplicaTransfer::Start() {
  moved_ = Clock::now();
  request_.Start();
}

bool ReplicaTransfer::Resume() {
  if (!paused_ || done() || (feed_.At(position_).empty() && !AllTaken())) return false;
  paused_ = false;
  moved_ = Clock::now();
  curl_easy_pause(request_.easy(), CURLPAUSE_CONT);
  return true;
}

ReplicaTransfer::Clock::time_point ReplicaTransfer::deadline() const {
  if (done() || paused_) return Clock::time_point::max();
  if (!AllTaken()) return moved_ + timeouts_.stall;
  return moved_ + timeouts_.answer + std::chrono::seconds(position_ / timeouts_.copy_rate);
}

void ReplicaTransfer::EndIfOver(Clock::time_point now) {
  if (request_.status_so_far() != 0 && !AllTaken()) {
    request_.BreakOff("answered before it had the value");
  } else if (now >= deadline()) {
    overdue_ = true;
    request_.BreakOff(AllTaken() ? "the volume does not answer" : "the volume takes no bytes");
  }
}

VolumeAnswer ReplicaTransfer::Answer() const {
  VolumeAnswer answer = request_.answer();
  // nginx stores nothing with another 2xx: something else answered, or it did not wait for the
  // value.
  const bool stored = (answer.status == 201 || answer.status == 204) && AllTaken();
  if (answer.ok() && !stored) {
    answer.delivery = VolumeAnswer::Delivery::kUnanswered;
    answer.error = "an answer " + std::to_string(answer.status) + " that does not fit a PUT";
  }
  answer.overdue = overdue_ && answer.delivery == VolumeAnswer::Delivery::kUnanswered;
  return answer;
}

std::size_t ReplicaTransfer::OnRead(char* buffer, std::size_t size, std::size_t count,
                                    void* self) noexcept {
  auto& transfer = *static_cast<ReplicaTransfer*>(self);
  transfer.connected_ = true;
  transfer.moved_ = Clock::now();
  const std::string_view bytes = transfer.feed_.At(transfer.position_).substr(0, size * count);
  if (bytes.empty()) {
    if (transfer.AllTaken()) return 0;
    transfer.paused_ = true;
    return CURL_READFUNC_PAUSE;
  }
  std::memcpy(buffer, bytes.data(), bytes.size());
  transfer.position_ += bytes.size();
  return bytes.size();
}

int ReplicaTransfer::OnSeek(void* self, curl_off_t offset, int origin) noexcept {
  // Only to send again on another connection what a dead one took: streams use fresh ones.
  auto& transfer = *static_cast<ReplicaTransfer*>(self);
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_FAIL;
  transfer.position_ = 0;
  transfer.sent_before_ = true;
  return CURL_SEEKFUNC_OK;
}

}  // namespace mkv
