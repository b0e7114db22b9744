// What we last heard of each volume server: the order in which to ask replicas and to choose where
// new ones go.
//
// Keyed by host (`host:port`, the part of a volume name before any `/svXX`). Thread-safe.
#ifndef MKVCORE_VOLUMES_VOLUME_HEALTH_H_
#define MKVCORE_VOLUMES_VOLUME_HEALTH_H_

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mkv {

// `host:port` of `host:port/sv03`.
std::string_view VolumeHost(std::string_view volume);

class VolumeHealth {
 public:
  using Clock = std::chrono::steady_clock;

  // A volume that refused a PUT (full, 5xx) is passed over for new replicas for this long.
  static constexpr std::chrono::seconds kRefusalMemory{30};

  void Answered(std::string_view volume);  // any HTTP answer at all: it is up
  void Failed(std::string_view volume);    // no connection, or no answer in time: it is down
  // Of a PUT, beside Answered(): 2xx says that it takes values, and a 5xx, 403 or 405 that it takes
  // none (full, failing, closed to us). Any other status says something of the value alone.
  void AnsweredPut(std::string_view volume, int status);

  // Down: the last thing we heard was a failure. It is up again with its next answer; somebody must
  // therefore ask it now and then (GarbageCollector does, every second).
  bool IsDown(std::string_view volume) const;
  // Neither down nor refusing: the first choice for a new replica.
  bool AcceptsWrites(std::string_view volume) const;

  // The hosts that are down now.
  std::vector<std::string> Down() const;
  // Since when the host has been answering without a failure between; nullopt while it is down or
  // was never asked.
  std::optional<Clock::time_point> AnsweringSince(std::string_view volume) const;

 private:
  struct State {
    bool down = false;
    std::optional<Clock::time_point> answering_since;
    std::optional<Clock::time_point> refused_at;
  };
  State& StateOf(std::string_view volume);                // mutex_ held
  const State* FindState(std::string_view volume) const;  // mutex_ held; null: never heard of

  mutable std::mutex mutex_;
  std::map<std::string, State, std::less<>> hosts_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_HEALTH_H_
