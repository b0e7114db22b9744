#include <atomic>
#include <iostream>
#include <stdexcept>

#include "mkvcore/format/sidecar.h"
#include "mkvcore/store/progress.h"
#include "mkvcore/store/rebuild.h"
#include "s3api/program/commands.h"
#include "s3api/program/signals.h"
#include "s3api/program/store_stack.h"

namespace mkv {

namespace {

// The sidecar knows the value better than the listing does, but for what the file itself says.
void ApplySidecar(std::string_view json, format::ObjectMetadata& metadata) {
  const std::optional<format::Sidecar> sidecar = DecodeSidecar(json);
  if (!sidecar) throw std::runtime_error("it is no sidecar");
  if (sidecar->metadata().size() != metadata.size()) {
    throw std::runtime_error("it speaks of a value of another size");
  }
  const Generation generation = metadata.generation();
  metadata = sidecar->metadata();
  metadata.set_generation(generation);
  metadata.set_sidecar(true);
}

}  // namespace

int RunRebuild(const Options& options) {
  const std::shared_ptr<const Placement> placement = MakePlacement(options);
  VolumeHealth health;
  VolumeClient volumes(Checked(options.volume, *placement), health);
  std::atomic<bool> stop{false};
  const SignalThread signals({}, [&stop] { stop = true; });

  RebuildOptions how;
  how.index_folder = options.db;
  how.threads = options.threads.value_or(how.threads);
  how.rehash = options.rehash;
  how.read_sidecar = ApplySidecar;
  how.sidecar_bytes = kMaxSidecarBytes;
  RebuildSummary summary;
  {
    Progress progress("rebuild", "folders");
    summary = Rebuild(
        volumes, *placement, how,
        [&progress](const RebuildSummary& now) {
          progress.Show(now.folders_done, RebuildSummary::kFolders,
                        WithThousands(now.keys) + " keys");
        },
        stop);
  }
  std::cout << Describe(summary);
  return summary.ok() ? 0 : 1;
}

}  // namespace mkv
