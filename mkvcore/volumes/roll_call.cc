#include "mkvcore/volumes/roll_call.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "mkvcore/volumes/listing_parser.h"
#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

namespace {

void WarnOf(const std::string& volume, int status, const std::string& problem) {
  if (status == 403) {
    spdlog::warn("volume {} is closed to this gateway: {}", volume, problem);
  } else {
    spdlog::warn("volume {} does not list its folder (is it a volume?): {}", volume, problem);
  }
}

void Judge(const std::string& volume, const VolumeAnswer& answer, const std::string& listing) {
  if (!answer.ok()) return WarnOf(volume, answer.status, ProblemOf(answer));
  try {
    ParseListing(listing);
  } catch (const std::runtime_error& error) {
    WarnOf(volume, answer.status, std::string("the listing of /: ") + error.what());
  }
}

}  // namespace

RollCall::RollCall(VolumeClient& client)
    : listing_bytes_(client.options().listing_bytes),
      client_(loop_, client.options(), client.health()),
      thread_([this] {
        try {
          loop_.Run();
        } catch (const std::exception& error) {
          spdlog::error("volumes: {}", error.what());
        }
      }) {}

RollCall::~RollCall() {
  loop_.Stop();
  thread_.join();
}

void RollCall::Call(std::vector<std::string> volumes) {
  loop_.Post([this, volumes = std::move(volumes)] {
    for (const std::string& volume : volumes) Ask({volume, "/"});
  });
}

void RollCall::Ask(const BlobLocation& root) {
  // A HEAD has a short deadline, and a listing only follows where one was answered.
  client_.Head(root, [this, root](const VolumeAnswer& head) {
    if (head.delivery != VolumeAnswer::Delivery::kAnswered) return;
    if (!head.ok()) return Judge(root.volume, head, {});
    client_.GetUpTo(root, listing_bytes_,
                    [volume = root.volume](const VolumeAnswer& answer, const std::string& listing) {
                      Judge(volume, answer, listing);
                    });
  });
}

}  // namespace mkv
