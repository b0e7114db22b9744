// What we last heard of each volume server: the order in which to ask replicas and to choose where
// new ones go.
//
// Keyed by host (`host:port`, the part of a volume name before any `/svXX`). Thread-safe.
//
// Logs when a volume goes down or begins to refuse values, and when it is over: a line for each,
// and of one that does so again and again no more than one in kQuiet.
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

  // A volume that refused a PUT (full, 5xx), or let its time run out, is passed over for new
  // replicas for this long.
  static constexpr std::chrono::seconds kRefusalMemory{30};
  // After a trouble was told, the next of its kind is not told before this.
  static constexpr std::chrono::seconds kQuiet{10};

  void Answered(std::string_view volume);  // any HTTP answer at all: it is up
  // No connection, or no answer in time: it is down. `why` is for the log.
  void Failed(std::string_view volume, std::string_view why = {});
  // Of a PUT, beside Answered(): 2xx says that it takes values, and a 5xx, 403 or 405 that it takes
  // none (full, failing, closed to us). Any other status says something of the value alone.
  void AnsweredPut(std::string_view volume, int status);
  // Of a PUT, beside Failed(): it let the time run out. It may answer all else, and be up again
  // within a second, and PUTs are not to wait for it each time.
  void OverduePut(std::string_view volume);

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
  // Of one kind of trouble, what the log has of it.
  struct Told {
    bool trouble = false;  // the last line says that it is there
    std::optional<Clock::time_point> at;
    // Whether to write a line now.
    bool Begins();
    bool Ends();
  };
  struct State {
    bool down = false;
    std::optional<Clock::time_point> answering_since;
    std::optional<Clock::time_point> refused_at;
    Told told_down;
    Told told_refusing;
  };
  void Refuses(std::string_view volume, std::string_view why);
  State& StateOf(std::string_view volume);                // mutex_ held
  const State* FindState(std::string_view volume) const;  // mutex_ held; null: never heard of

  mutable std::mutex mutex_;
  std::map<std::string, State, std::less<>> hosts_;
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VOLUME_HEALTH_H_
