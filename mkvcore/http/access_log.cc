#include "mkvcore/http/access_log.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace mkv::http {

void LogAnswer(const RequestHead& head, const AnswerNote& note) {
  if (!spdlog::should_log(spdlog::level::debug)) return;
  const std::chrono::duration<double, std::milli> taken =
      std::chrono::steady_clock::now() - head.arrived;
  spdlog::debug("{} {} {} {} {} in={} out={} {:.1f}ms", head.id, head.peer, head.method,
                head.target, note.status, note.received, note.sent, taken.count());
}

void LogRefusal(std::string_view peer, int status, std::string_view why) {
  spdlog::debug("- {} - - {} {}", peer, status, why);
}

}  // namespace mkv::http
