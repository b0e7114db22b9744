#include "s3api/program/store_stack.h"

#include "s3api/program/volume_list.h"

namespace mkv {

std::shared_ptr<const Placement> MakePlacement(const Options& options) {
  return std::make_shared<const Placement>(ReadVolumeList(options.volumes), options.replicas,
                                           options.subvolumes);
}

StoreStack::StoreStack(const Options& options)
    : placement_(MakePlacement(options)),
      index_(LevelDbIndex::Open(options.db)),
      volumes_(options.volume, health_),
      store_(*index_, volumes_, placement_, options.store) {}

}  // namespace mkv
