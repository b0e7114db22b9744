#include "s3api/program/store_stack.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

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

// What is wrong is told at the start, and not by every volume.
const VolumeOptions& Checked(const VolumeOptions& volume, const Placement& placement) {
  if (!volume.authorities.empty() && !std::ifstream(volume.authorities)) {
    throw std::runtime_error("-volumes-ca: can not read " + volume.authorities);
  }
  if (!volume.sockets.empty()) {
    if (!std::filesystem::is_directory(volume.sockets)) {
      throw std::runtime_error("-volumes-sockets: " + volume.sockets + " is no folder");
    }
    for (const std::string& name : placement.volumes()) {
      const std::string path = LocalSockets::PathIn(volume.sockets, std::string(VolumeHost(name)));
      if (path.size() > LocalSockets::kMaxPathBytes) {
        throw std::runtime_error("-volumes-sockets: " + path + " is longer than the " +
                                 std::to_string(LocalSockets::kMaxPathBytes) +
                                 " bytes that a socket's name may have");
      }
    }
  }
  return volume;
}

}  // namespace

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
