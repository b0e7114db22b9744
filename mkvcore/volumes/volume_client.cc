#include "mkvcore/volumes/volume_client.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "mkvcore/volumes/blob_path_guard.h"
#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/listing_parser.h"
#include "mkvcore/volumes/volume_health.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {
namespace {

using Clock = std::chrono::steady_clock;
using Requests = std::vector<std::unique_ptr<VolumeRequest>>;

// Pieces in which a blob is handed on, at most.
constexpr long kReceiveBuffer = 128 << 10;

void Report(const VolumeAnswer& answer, const std::string& volume, VolumeHealth& health) {
  if (answer.delivery == VolumeAnswer::Delivery::kAnswered) {
    health.Answered(volume);
  } else {
    health.Failed(volume, answer.error);
  }
}

std::vector<VolumeAnswer> AskAll(CurlSession& session, const Requests& requests,
                                 std::span<const BlobLocation> blobs, VolumeHealth& health) {
  for (const auto& request : requests) request->Start();
  const auto done = [](const auto& request) { return request->done(); };
  session.Perform();
  while (!std::all_of(requests.begin(), requests.end(), done)) {
    session.Wait(std::chrono::seconds(1));
    session.Perform();
  }
  std::vector<VolumeAnswer> answers;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    answers.push_back(requests[i]->answer());
    Report(answers.back(), blobs[i].volume, health);
  }
  return answers;
}

std::string EscapePath(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : path) {
    if (IsBlobPathByte(c)) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return escaped;
}

}  // namespace

VolumeClient::VolumeClient(VolumeOptions options, VolumeHealth& health)
    : options_(std::move(options)),
      health_(health),
      sessions_(std::make_unique<CurlSessionPool>(options_)) {}

VolumeClient::~VolumeClient() = default;

std::vector<VolumeAnswer> VolumeClient::Head(std::span<const BlobLocation> blobs) {
  const auto session = sessions_->Borrow();
  Requests requests;
  for (const BlobLocation& blob : blobs) {
    auto& request = *requests.emplace_back(std::make_unique<VolumeRequest>(*session, blob));
    request.Set(CURLOPT_NOBODY, 1L);
    request.Set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeouts().head.count()));
  }
  return AskAll(*session, requests, blobs, health_);
}

std::vector<VolumeAnswer> VolumeClient::Delete(std::span<const BlobLocation> blobs) {
  for (const BlobLocation& blob : blobs) RequireBlobPath(blob.path);
  const auto session = sessions_->Borrow();
  Requests requests;
  for (const BlobLocation& blob : blobs) {
    auto& request = *requests.emplace_back(std::make_unique<VolumeRequest>(*session, blob));
    request.Set(CURLOPT_CUSTOMREQUEST, "DELETE");
    request.Set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeouts().remove.count()));
  }
  return AskAll(*session, requests, blobs, health_);
}

VolumeAnswer VolumeClient::Get(const BlobLocation& blob, const std::string& range,
                               const std::function<bool(std::string_view piece)>& sink) {
  const auto session = sessions_->Borrow();
  VolumeRequest request(*session, blob);
  request.Set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  if (!range.empty()) request.Set(CURLOPT_RANGE, range.c_str());
  request.set_body_matters(true);
  auto moved = Clock::now();
  Clock::duration held{};
  request.set_sink([&](std::string_view piece) {
    const auto came = Clock::now();
    const bool go_on = sink(piece);
    moved = Clock::now();  // the time that the sink takes is not the volume's
    held += moved - came;
    return go_on ? VolumeRequest::Taken::kAll : VolumeRequest::Taken::kStop;
  });
  request.Start();
  session->Perform();
  while (!request.done()) {
    session->Wait(std::chrono::seconds(1));
    session->Perform();
    if (Clock::now() - moved > timeouts().stall) request.BreakOff("the volume sends nothing");
  }
  request.RethrowSinkError();
  VolumeAnswer answer = request.answer();
  answer.held_up =
      answer.delivery == VolumeAnswer::Delivery::kUnanswered && held >= timeouts().held_up;
  if (!answer.held_up) Report(answer, blob.volume, health_);
  return answer;
}

VolumeAnswer VolumeClient::GetWhole(const BlobLocation& blob, std::size_t limit,
                                    std::string* body) {
  body->clear();
  bool too_long = false;
  VolumeAnswer answer = Get(blob, "", [&](std::string_view piece) {
    too_long = piece.size() > limit - body->size();
    if (!too_long) body->append(piece);
    return !too_long;
  });
  if (too_long) {
    answer.delivery = VolumeAnswer::Delivery::kUnanswered;
    answer.error = "longer than " + std::to_string(limit) + " bytes";
  }
  if (!answer.ok()) body->clear();
  return answer;
}

VolumeAnswer VolumeClient::List(const std::string& volume, const std::string& path,
                                std::vector<ListingEntry>* entries) {
  if (!path.starts_with('/') || !path.ends_with('/')) {
    throw std::invalid_argument("not the path of a folder: " + path);
  }
  entries->clear();
  std::string json;
  VolumeAnswer answer = GetWhole({volume, EscapePath(path)}, options_.listing_bytes, &json);
  if (!answer.ok()) return answer;
  try {
    *entries = ParseListing(json);
  } catch (const std::runtime_error& error) {
    answer.delivery = VolumeAnswer::Delivery::kUnanswered;
    answer.error = "the listing of " + path + ": " + error.what();
  }
  return answer;
}

}  // namespace mkv
