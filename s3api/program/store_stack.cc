#include "s3api/program/store_stack.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "mkvcore/store/index_replacement.h"
#include "mkvcore/volumes/local_sockets.h"
#include "s3api/program/volume_list.h"

namespace mkv {

namespace {

// Only a server begins a new store. Over an index that is not there, because its name is mistyped,
// every file would be an orphan.
std::unique_ptr<LevelDbIndex> OpenIndex(const Options& options) {
  LevelDbOptions index;
  index.create_if_missing = options.command == "server";
  if (index.create_if_missing) RequireNoUnfinishedReplacement(options.db);
  return LevelDbIndex::Open(options.db, index);
}

void CheckSockets(const std::string& folder, const Placement& placement) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    // Perhaps made only with the volumes there, which need not be up.
    spdlog::warn("-volumes-sockets: there is no folder {}; volumes are reached by TCP", folder);
  }
  if (!LocalSockets::MayBeTrusted(folder)) {
    throw std::runtime_error("-volumes-sockets: everybody may write to " + folder +
                             ": run `chmod o-w " + folder + "`");
  }
  for (const std::string& name : placement.volumes()) {
    const std::string path = LocalSockets::PathIn(folder, std::string(VolumeHost(name)));
    if (path.size() > LocalSockets::kMaxPathBytes) {
      throw std::runtime_error("-volumes-sockets: " + path + " is longer than the " +
                               std::to_string(LocalSockets::kMaxPathBytes) +
                               " bytes that a socket's name may have");
    }
  }
}

}  // namespace

const VolumeOptions& Checked(const VolumeOptions& volume, const Placement& placement) {
  if (!volume.authorities.empty() && !std::ifstream(volume.authorities)) {
    throw std::runtime_error("-volumes-ca: can not read " + volume.authorities);
  }
  if (!volume.sockets.empty()) CheckSockets(volume.sockets, placement);
  return volume;
}

std::shared_ptr<const Placement> MakePlacement(const Options& options) {
  return std::make_shared<const Placement>(ReadVolumeList(options.volumes), options.replicas,
                                           options.subvolumes);
}

StoreStack::StoreStack(const Options& options)
    : placement_(MakePlacement(options)),
      index_(OpenIndex(options)),
      volumes_(Checked(options.volume, *placement_), health_),
      store_(*index_, volumes_, placement_, options.store) {}

}  // namespace mkv
