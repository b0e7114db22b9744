#include "mkvcore/volumes/volume_client.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "mkvcore/volumes/blob_path_guard.h"
#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/listing_parser.h"
#include "mkvcore/volumes/loop_session.h"
#include "mkvcore/volumes/volume_health.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {
namespace {

using Clock = std::chrono::steady_clock;

// Pieces in which a blob is handed on, at most.
constexpr long kReceiveBuffer = 128 << 10;

struct Answered {
  VolumeAnswer answer;
  std::string value;
};

// Asks for each of `blobs` by `start(client, blob, callback)`.
template <typename Start>
std::vector<Answered> AskAll(SessionPool<LoopSession>& sessions,
                             std::span<const BlobLocation> blobs, const Start& start) {
  struct Asked {
    std::vector<Answered> answers;
    std::size_t answered = 0;
  };
  const auto asked = std::make_shared<Asked>();
  asked->answers.resize(blobs.size());
  const auto session = sessions.Borrow();
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    start(session->client(), blobs[i], [asked, i](const VolumeAnswer& answer, std::string value) {
      asked->answers[i] = {answer, std::move(value)};
      ++asked->answered;
    });
  }
  session->RunUntil([&] { return asked->answered == blobs.size(); });
  return std::move(asked->answers);
}

// The same where there is nothing but an answer.
std::vector<VolumeAnswer> AskAll(SessionPool<LoopSession>& sessions,
                                 std::span<const BlobLocation> blobs,
                                 void (LoopVolumeClient::*ask)(const BlobLocation&,
                                                               LoopVolumeClient::Callback)) {
  const auto start = [ask](LoopVolumeClient& client, const BlobLocation& blob, auto answered) {
    (client.*ask)(blob, [answered = std::move(answered)](const VolumeAnswer& answer) {
      answered(answer, {});
    });
  };
  std::vector<VolumeAnswer> answers;
  for (Answered& one : AskAll(sessions, blobs, start)) answers.push_back(std::move(one.answer));
  return answers;
}

auto Reading(std::size_t limit) {
  return [limit](LoopVolumeClient& client, const BlobLocation& blob, auto answered) {
    client.GetUpTo(blob, limit, std::move(answered));
  };
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
      sessions_(std::make_unique<SessionPool<CurlSession>>(
          [this] { return std::make_unique<CurlSession>(options_); })),
      loop_sessions_(std::make_unique<SessionPool<LoopSession>>(
          [this] { return std::make_unique<LoopSession>(options_, health_); })) {}

VolumeClient::~VolumeClient() = default;

std::vector<VolumeAnswer> VolumeClient::Head(std::span<const BlobLocation> blobs) {
  return AskAll(*loop_sessions_, blobs, &LoopVolumeClient::Head);
}

std::vector<VolumeAnswer> VolumeClient::Delete(std::span<const BlobLocation> blobs) {
  for (const BlobLocation& blob : blobs) RequireBlobPath(blob.path);
  return AskAll(*loop_sessions_, blobs, &LoopVolumeClient::Delete);
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
  if (answer.delivery == VolumeAnswer::Delivery::kAnswered) {
    health_.Answered(blob.volume);
  } else if (!answer.held_up) {
    health_.Failed(blob.volume, answer.error);
  }
  return answer;
}

VolumeAnswer VolumeClient::GetWhole(const BlobLocation& blob, std::size_t limit,
                                    std::string* body) {
  Answered answered = AskAll(*loop_sessions_, {&blob, 1}, Reading(limit)).front();
  *body = answered.answer.ok() ? std::move(answered.value) : std::string();
  return answered.answer;
}

std::vector<Listing> VolumeClient::List(std::span<const BlobLocation> folders) {
  std::vector<BlobLocation> escaped;
  for (const auto& [volume, path] : folders) {
    if (!path.starts_with('/') || !path.ends_with('/')) {
      throw std::invalid_argument("not the path of a folder: " + path);
    }
    escaped.push_back({volume, EscapePath(path)});
  }
  std::vector<Listing> listings;
  for (auto& [answer, json] : AskAll(*loop_sessions_, escaped, Reading(options_.listing_bytes))) {
    Listing& listing = listings.emplace_back();
    listing.answer = std::move(answer);
    if (!listing.answer.ok()) continue;
    try {
      listing.entries = ParseListing(std::exchange(json, {}));
    } catch (const std::runtime_error& error) {
      listing.answer.delivery = VolumeAnswer::Delivery::kUnanswered;
      listing.answer.error =
          "the listing of " + folders[listings.size() - 1].path + ": " + error.what();
    }
  }
  return listings;
}

}  // namespace mkv
