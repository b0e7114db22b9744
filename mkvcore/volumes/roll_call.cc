#include "mkvcore/volumes/roll_call.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

void RollCall::Call(std::vector<std::string> volumes) {
  const std::lock_guard lock(mutex_);
  thread_ = std::jthread([this, volumes = std::move(volumes)](const std::stop_token& stop) {
    try {
      Ask(volumes, stop);
    } catch (const std::exception& error) {
      spdlog::error("volumes: {}", error.what());
    }
  });
}

void RollCall::Ask(const std::vector<std::string>& volumes, const std::stop_token& stop) {
  // A HEAD has a short deadline, and a listing only follows where one was answered.
  std::vector<BlobLocation> roots;
  for (const std::string& volume : volumes) roots.push_back({volume, "/"});
  const std::vector<VolumeAnswer> answers = client_.Head(roots);
  for (std::size_t i = 0; i < volumes.size() && !stop.stop_requested(); ++i) {
    VolumeAnswer answer = answers[i];
    if (answer.delivery != VolumeAnswer::Delivery::kAnswered) continue;
    if (answer.ok()) answer = client_.List({&roots[i], 1}).front().answer;
    if (answer.ok()) continue;
    if (answer.status == 403) {
      spdlog::warn("volume {} is closed to this gateway: {}", volumes[i], ProblemOf(answer));
    } else {
      spdlog::warn("volume {} does not list its folder (is it a volume?): {}", volumes[i],
                   ProblemOf(answer));
    }
  }
}

}  // namespace mkv
