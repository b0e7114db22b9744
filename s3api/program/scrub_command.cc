#include <atomic>
#include <iostream>

#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/progress.h"
#include "mkvcore/store/scrub.h"
#include "s3api/program/commands.h"
#include "s3api/program/remote_report.h"
#include "s3api/program/signals.h"
#include "s3api/program/store_stack.h"

namespace mkv {

namespace {

using ScrubReport = std::function<void(const ScrubSummary&, const std::vector<std::string>& found)>;

ScrubSummary ScrubHere(const Options& options, const ScrubReport& report,
                       const std::atomic<bool>& stop) {
  StoreStack stack(options);
  GarbageCollector collector(stack.store());
  // What is still to be deleted could otherwise be in the way of a repair.
  collector.RunPass(/*hurry=*/true);
  ScrubOptions how;
  how.rate = options.rate;
  how.threads = options.threads.value_or(how.threads);
  const ScrubSummary summary = ScrubAll(stack.store(), how, report, stop);
  collector.RunPass(/*hurry=*/true);
  return summary;
}

}  // namespace

int RunScrub(const Options& options) {
  std::atomic<bool> stop{false};
  const SignalThread signals({}, [&stop] { stop = true; });
  ScrubSummary summary;
  {
    Progress progress("scrub", "keys");
    const ScrubReport report = [&progress](const ScrubSummary& now,
                                           const std::vector<std::string>& found) {
      for (const std::string& line : found) progress.Print(line);
      progress.Show(now.done, now.total,
                    WithThousands(now.bytes >> 20) + " MiB read, " + WithThousands(now.repaired) +
                        " repaired");
    };
    summary = options.server.empty() ? ScrubHere(options, report, stop)
                                     : FollowReport<ScrubSummary>(
                                           options, "/.mkv/scrub",
                                           {{"rate", std::to_string(options.rate)}}, stop, report);
  }
  std::cout << "scrub: " << summary.done << " of " << summary.total << " keys looked at, "
            << summary.bytes << " bytes read; replicas: " << summary.damaged << " damaged, "
            << summary.missing << " missing, " << summary.unreachable << " unreachable, "
            << summary.sidecars << " sidecars missing or wrong; keys: " << summary.repaired
            << " repaired, " << summary.unrepaired << " not repaired (run it again), "
            << summary.lost << " lost, " << summary.unverified
            << " with nothing to compare their one replica with"
            << (summary.interrupted ? "; interrupted" : "") << "\n";
  if (summary.lost > 0 || summary.unrepaired > 0) return 4;
  if (summary.interrupted) return 1;
  return summary.clean() ? 0 : 3;
}

}  // namespace mkv
