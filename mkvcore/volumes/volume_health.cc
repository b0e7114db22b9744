#include "mkvcore/volumes/volume_health.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

std::string_view VolumeHost(std::string_view volume) { return volume.substr(0, volume.find('/')); }

VolumeHealth::State& VolumeHealth::StateOf(std::string_view volume) {
  const std::string_view host = VolumeHost(volume);
  const auto found = hosts_.find(host);
  return found != hosts_.end() ? found->second : hosts_[std::string(host)];
}

const VolumeHealth::State* VolumeHealth::FindState(std::string_view volume) const {
  const auto found = hosts_.find(VolumeHost(volume));
  return found == hosts_.end() ? nullptr : &found->second;
}

bool VolumeHealth::Told::Begins() {
  const Clock::time_point now = Clock::now();
  if (trouble || (at && now - *at < kQuiet)) return false;
  trouble = true;
  at = now;
  return true;
}

bool VolumeHealth::Told::Ends() { return std::exchange(trouble, false); }

void VolumeHealth::Answered(std::string_view volume) {
  {
    const std::lock_guard lock(mutex_);
    State& state = StateOf(volume);
    state.down = false;
    if (!state.answering_since) state.answering_since = Clock::now();
    if (!state.told_down.Ends()) return;
  }
  spdlog::info("volume {} answers again", VolumeHost(volume));
}

void VolumeHealth::Failed(std::string_view volume, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    State& state = StateOf(volume);
    state.down = true;
    state.answering_since.reset();
    if (!state.told_down.Begins()) return;
  }
  spdlog::warn("volume {} is down: {}", VolumeHost(volume), why.empty() ? "no answer" : why);
}

void VolumeHealth::AnsweredPut(std::string_view volume, int status) {
  // nginx says full by 507, or by 500 after a failed write(2).
  if (status >= 500 || status == 403 || status == 405) return Refuses(volume, ProblemOf(status));
  if (status < 200 || status > 299) return;
  {
    const std::lock_guard lock(mutex_);
    State& state = StateOf(volume);
    state.refused_at.reset();
    if (!state.told_refusing.Ends()) return;
  }
  spdlog::info("volume {} takes values again", VolumeHost(volume));
}

void VolumeHealth::OverduePut(std::string_view volume) {
  Refuses(volume, "a PUT was not answered in time");
}

void VolumeHealth::Refuses(std::string_view volume, std::string_view why) {
  {
    const std::lock_guard lock(mutex_);
    State& state = StateOf(volume);
    state.refused_at = Clock::now();
    if (!state.told_refusing.Begins()) return;
  }
  spdlog::warn("volume {} refuses values: {}", VolumeHost(volume), why);
}

bool VolumeHealth::IsDown(std::string_view volume) const {
  const std::lock_guard lock(mutex_);
  const State* state = FindState(volume);
  return state != nullptr && state->down;
}

bool VolumeHealth::AcceptsWrites(std::string_view volume) const {
  const std::lock_guard lock(mutex_);
  const State* state = FindState(volume);
  if (state == nullptr) return true;
  const bool refuses = state->refused_at && Clock::now() - *state->refused_at < kRefusalMemory;
  return !state->down && !refuses;
}

std::vector<std::string> VolumeHealth::Down() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> down;
  for (const auto& [host, state] : hosts_) {
    if (state.down) down.push_back(host);
  }
  return down;
}

std::optional<VolumeHealth::Clock::time_point> VolumeHealth::AnsweringSince(
    std::string_view volume) const {
  const std::lock_guard lock(mutex_);
  const State* state = FindState(volume);
  return state == nullptr ? std::nullopt : state->answering_since;
}

}  // namespace mkv
