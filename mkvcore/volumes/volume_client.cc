#include "mkvcore/volumes/volume_client.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "mkvcore/volumes/blob_path_guard.h"
#include "mkvcore/volumes/curl_session.h"
#include "mkvcore/volumes/hashing_threads.h"
#include "mkvcore/volumes/listing_parser.h"
#include "mkvcore/volumes/loop_session.h"
#include "mkvcore/volumes/pollable_session.h"
#include "mkvcore/volumes/volume_health.h"
#include "mkvcore/volumes/volume_request.h"

namespace mkv {
namespace {

using Clock = std::chrono::steady_clock;

// Pieces in which a blob is handed on, at most.
constexpr long kReceiveBuffer = 128 << 10;

// Asks for each of `blobs` by `start(client, blob, callback)`; what the callbacks are given.
template <typename Result, typename Start>
std::vector<Result> AskAll(SessionPool<LoopSession>& sessions, std::span<const BlobLocation> blobs,
                           const Start& start) {
  struct Asked {
    std::vector<Result> results;
    std::size_t answered = 0;
  };
  const auto asked = std::make_shared<Asked>();
  asked->results.resize(blobs.size());
  const auto ask = [&](LoopVolumeClient& client) {
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      start(client, blobs[i], [asked, i](Result result) {
        asked->results[i] = std::move(result);
        ++asked->answered;
      });
    }
  };
  AskOver(sessions, ask, [&] { return asked->answered == blobs.size(); });
  return std::move(asked->results);
}

Listing ListingOf(const std::string& path, const VolumeAnswer& answer, const std::string& json) {
  Listing listing{answer, {}};
  if (!answer.ok()) return listing;
  try {
    listing.entries = ParseListing(json);
  } catch (const std::runtime_error& error) {
    listing.answer.delivery = VolumeAnswer::Delivery::kUnanswered;
    listing.answer.error = "the listing of " + path + ": " + error.what();
  }
  return listing;
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
      hashing_threads_(std::make_unique<HashingThreads>()),
      sessions_(std::make_unique<SessionPool<CurlSession>>(
          [this] { return std::make_unique<CurlSession>(options_); })),
      pollable_sessions_(std::make_unique<SessionPool<PollableSession>>(
          [this] { return std::make_unique<PollableSession>(options_); })),
      loop_sessions_(std::make_unique<SessionPool<LoopSession>>(
          [this] { return std::make_unique<LoopSession>(options_, health_); })) {}

VolumeClient::~VolumeClient() = default;

void VolumeClient::DropIdleSessions() {
  sessions_->DropExpired();
  pollable_sessions_->DropExpired();
  loop_sessions_->DropExpired();
}

std::vector<VolumeAnswer> VolumeClient::Head(std::span<const BlobLocation> blobs) {
  return AskAll<VolumeAnswer>(*loop_sessions_, blobs,
                              [](LoopVolumeClient& client, const BlobLocation& blob,
                                 auto answered) { client.Head(blob, std::move(answered)); });
}

std::vector<VolumeAnswer> VolumeClient::Delete(std::span<const BlobLocation> blobs) {
  for (const BlobLocation& blob : blobs) RequireBlobPath(blob.path);
  return AskAll<VolumeAnswer>(*loop_sessions_, blobs,
                              [](LoopVolumeClient& client, const BlobLocation& blob,
                                 auto answered) { client.Delete(blob, std::move(answered)); });
}

VolumeAnswer VolumeClient::Get(const BlobLocation& blob, const std::string& range,
                               const std::function<bool(std::string_view piece)>& sink) {
  const auto session = sessions_->Borrow();
  VolumeRequest request(*session, blob);
  request.Set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  request.SetRange(range);
  request.set_body_matters(true);
  auto moved = Clock::now();
  Clock::duration held{};
  bool began = false;
  request.set_sink([&](std::string_view piece) {
    if (!std::exchange(began, true) && !request.DeliversRange()) return VolumeRequest::Taken::kStop;
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
  if (answer.ok() && !request.DeliversRange()) {
    answer.delivery = VolumeAnswer::Delivery::kUnanswered;
    answer.error = "status " + std::to_string(answer.status);
    if (!range.empty()) answer.error += " to the range " + range;
  }
  return answer;
}

VolumeAnswer VolumeClient::GetWhole(const BlobLocation& blob, std::size_t limit,
                                    std::string* body) {
  struct Got {
    VolumeAnswer answer;
    std::string value;
  };
  const auto get = [limit](LoopVolumeClient& client, const BlobLocation& from, auto got) {
    client.GetUpTo(from, limit, [got](const VolumeAnswer& answer, std::string value) {
      got({answer, std::move(value)});
    });
  };
  Got got = std::move(AskAll<Got>(*loop_sessions_, {&blob, 1}, get).front());
  *body = got.answer.ok() ? std::move(got.value) : std::string();
  return got.answer;
}

std::vector<Listing> VolumeClient::List(std::span<const BlobLocation> folders) {
  std::vector<BlobLocation> escaped;
  for (const auto& [volume, path] : folders) {
    if (!path.starts_with('/') || !path.ends_with('/')) {
      throw std::invalid_argument("not the path of a folder: " + path);
    }
    escaped.push_back({volume, EscapePath(path)});
  }
  // Each is parsed as soon as it is there: of the texts, which may be long, few lie in memory
  // whole.
  const auto list = [this](LoopVolumeClient& client, const BlobLocation& folder, auto listed) {
    client.GetUpTo(
        folder, options_.listing_bytes,
        [listed, path = folder.path](const VolumeAnswer& answer, const std::string& json) {
          listed(ListingOf(path, answer, json));
        });
  };
  return AskAll<Listing>(*loop_sessions_, escaped, list);
}

}  // namespace mkv
