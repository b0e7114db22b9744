// The progress of a long call in a running server, as mkvcore/native/summary_json.h has it.
#ifndef S3API_PROGRAM_REMOTE_REPORT_H_
#define S3API_PROGRAM_REMOTE_REPORT_H_

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "mkvcore/native/summary_json.h"
#include "s3api/program/admin_client.h"

namespace mkv {

// Calls `path` and hands each report to `progress`; returns the last one, `interrupted` unless the
// server said that it has finished.
template <typename Summary>
Summary FollowReport(
    const Options& options, const std::string& path, const AdminClient::Query& query,
    const std::atomic<bool>& stop,
    const std::function<void(const Summary&, const std::vector<std::string>& found)>& progress) {
  Summary summary;
  bool finished = false;
  AdminClient(options).PostForLines(path, query, stop, [&](std::string_view line) {
    const nlohmann::json json = nlohmann::json::parse(line);
    summary = json.at("summary").get<Summary>();
    finished = json.at("finished").get<bool>();
    progress(summary, json.at("found").get<std::vector<std::string>>());
  });
  summary.interrupted |= !finished;
  return summary;
}

}  // namespace mkv

#endif  // S3API_PROGRAM_REMOTE_REPORT_H_
