#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <thread>

#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/progress.h"
#include "mkvcore/store/rebalance.h"
#include "s3api/program/admin_client.h"
#include "s3api/program/commands.h"
#include "s3api/program/signals.h"
#include "s3api/program/store_stack.h"

namespace mkv {

namespace {

RebalanceSummary FromJson(const nlohmann::json& json) {
  RebalanceSummary summary;
  summary.total = json.at("total").get<std::uint64_t>();
  summary.done = json.at("done").get<std::uint64_t>();
  summary.moved = json.at("moved").get<std::uint64_t>();
  summary.busy = json.at("busy").get<std::uint64_t>();
  summary.away = json.at("away").get<std::uint64_t>();
  summary.failed = json.at("failed").get<std::uint64_t>();
  summary.interrupted = json.at("interrupted").get<bool>();
  return summary;
}

void Show(Progress& progress, const RebalanceSummary& summary) {
  progress.Show(summary.done, summary.total, WithThousands(summary.moved) + " moved");
}

RebalanceSummary RebalanceThere(const Options& options, Progress& progress,
                                const std::atomic<bool>& stop) {
  RebalanceSummary summary;
  summary.interrupted = true;  // until the server says that it finished
  AdminClient(options).PostForLines("/.mkv/rebalance", {}, stop, [&](std::string_view line) {
    const nlohmann::json json = nlohmann::json::parse(line);
    summary = FromJson(json);
    summary.interrupted |= !json.at("finished").get<bool>();
    Show(progress, summary);
  });
  return summary;
}

// Nobody is served, so nobody is reading what was moved away. A pass reads all that is pending, of
// which a volume that is down can make much: passes take at most half the time.
void DeleteMeanwhile(GarbageCollector& collector, const std::stop_token& end) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::chrono::steady_clock::duration rest = std::chrono::seconds(1);
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, end, rest, [&end] { return end.stop_requested(); })) {
    const auto began = std::chrono::steady_clock::now();
    try {
      collector.RunPass(/*hurry=*/true, end);
    } catch (const std::exception& error) {
      spdlog::error("garbage: {}", error.what());
    }
    rest = std::max<std::chrono::steady_clock::duration>(std::chrono::steady_clock::now() - began,
                                                         std::chrono::seconds(1));
  }
}

RebalanceSummary RebalanceHere(const Options& options, Progress& progress,
                               const std::atomic<bool>& stop) {
  StoreStack stack(options);
  // What the options left out say counts as well: fewer replicas than the server's, and some go.
  spdlog::info("each key is to have {} replicas, on {} volumes of {} subvolumes", options.replicas,
               stack.store().placement()->volumes().size(), options.subvolumes);
  GarbageCollector collector(stack.store());
  // What is still to be deleted could otherwise be in the way of a copy.
  collector.RunPass(/*hurry=*/true);
  RebalanceOptions how;
  how.threads = options.threads.value_or(how.threads);
  RebalanceSummary summary;
  {
    const std::jthread deletes(
        [&collector](const std::stop_token& end) { DeleteMeanwhile(collector, end); });
    summary = RebalanceAll(
        stack.store(), how, [&progress](const RebalanceSummary& now) { Show(progress, now); },
        stop);
  }
  const GarbageCollector::PassResult left = collector.RunPass(/*hurry=*/true);
  if (left.pending > 0) {
    spdlog::warn(
        "{} blobs are still to be deleted: by the server when it runs, or by another rebalance "
        "in some minutes",
        left.pending);
  }
  return summary;
}

}  // namespace

int RunRebalance(const Options& options) {
  std::atomic<bool> stop{false};
  const SignalThread signals({}, [&stop] { stop = true; });
  RebalanceSummary summary;
  {
    Progress progress("rebalance", "keys");
    summary = options.server.empty() ? RebalanceHere(options, progress, stop)
                                     : RebalanceThere(options, progress, stop);
  }
  std::cout
      << "rebalance: " << summary.done << " of " << summary.total << " keys looked at, "
      << summary.moved << " moved, " << summary.busy
      << " busy (changing, or their old replicas still being deleted: run it again in a minute), "
      << summary.away << " not at home (a volume of theirs does not answer: again when it does), "
      << summary.failed << " failed" << (summary.interrupted ? "; interrupted, run it again" : "")
      << "\n";
  return summary.ok() ? 0 : 1;
}

}  // namespace mkv
