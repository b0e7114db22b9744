#include "mkvcore/http/access_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

#include "mkvcore/http/head_parser.h"

namespace mkv::http {

namespace {

constexpr std::array<std::string_view, 2> kSecretEndings = {"signature", "security-token"};

bool IsSecret(std::string_view raw_name) {
  // A name that can not be decoded is no parameter to anybody.
  std::string name = PercentDecode(raw_name).value_or(std::string(raw_name));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(kSecretEndings.begin(), kSecretEndings.end(),
                     [&name](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

std::string LoggedTarget(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::string logged(target.substr(0, mark + 1));
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const bool hide = equals < pair.size() && IsSecret(pair.substr(0, equals));
    logged += hide ? pair.substr(0, equals + 1) : pair;
    if (hide) logged += "***";
    if (!query.empty()) {
      logged += '&';
      query.remove_prefix(1);
    }
  }
  return logged;
}

void LogAnswer(const RequestHead& head, const AnswerNote& note) {
  if (!spdlog::should_log(spdlog::level::debug)) return;
  const std::chrono::duration<double, std::milli> taken =
      std::chrono::steady_clock::now() - head.arrived;
  spdlog::debug("{} {} {} {} {} in={} out={} {:.1f}ms", head.id, head.peer, head.method,
                LoggedTarget(head.target), note.status, note.received, note.sent, taken.count());
}

void LogRefusal(std::string_view id, std::string_view peer, int status, std::string_view why) {
  spdlog::debug("{} {} - - {} {}", id, peer, status, why);
}

}  // namespace mkv::http
