#include <atomic>
#include <iostream>

#include "mkvcore/store/check.h"
#include "mkvcore/store/progress.h"
#include "s3api/program/commands.h"
#include "s3api/program/remote_report.h"
#include "s3api/program/signals.h"
#include "s3api/program/store_stack.h"

namespace mkv {

namespace {

using CheckReport = std::function<void(const CheckSummary&, const std::vector<std::string>& found)>;

CheckSummary CheckHere(const Options& options, const CheckReport& report,
                       const std::atomic<bool>& stop) {
  StoreStack stack(options);
  CheckOptions how;
  how.threads = options.threads.value_or(how.threads);
  return CheckStore(stack.store(), how, report, stop);
}

}  // namespace

int RunCheck(const Options& options) {
  std::atomic<bool> stop{false};
  const SignalThread signals({}, [&stop] { stop = true; });
  CheckSummary summary;
  {
    Progress progress("check", "keys and folders");
    const CheckReport report = [&progress](const CheckSummary& now,
                                           const std::vector<std::string>& found) {
      for (const std::string& line : found) progress.Print(line);
      progress.Show(now.done, now.steps, WithThousands(now.files) + " files");
    };
    summary = options.server.empty()
                  ? CheckHere(options, report, stop)
                  : FollowReport<CheckSummary>(options, "/.mkv/check", {}, stop, report);
  }
  std::cout << "check: " << summary.keys << " keys, " << summary.files << " files, of these "
            << summary.pending << " still to be written or deleted; " << summary.missing
            << " missing, " << summary.wrong_size << " of a wrong size, " << summary.sidecars
            << " sidecars missing or wrong, " << summary.orphans << " orphans, " << summary.foreign
            << " foreign, " << summary.unreadable << " index entries unreadable; "
            << summary.unreachable << " could not be asked"
            << (summary.interrupted ? "; interrupted" : "") << "\n";
  if (!summary.agrees()) return 3;
  return summary.complete() ? 0 : 1;
}

}  // namespace mkv
