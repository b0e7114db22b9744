#include "s3api/program/store_stack.h"

#include <fstream>
#include <stdexcept>

#include "mkvcore/store/index_replacement.h"
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

// Told at the start, and not by every volume.
const VolumeOptions& Readable(const VolumeOptions& volume) {
  if (!volume.authorities.empty() && !std::ifstream(volume.authorities)) {
    throw std::runtime_error("-volumes-ca: can not read " + volume.authorities);
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
      volumes_(Readable(options.volume), health_),
      store_(*index_, volumes_, placement_, options.store) {}

}  // namespace mkv
