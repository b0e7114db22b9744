// The layers under a command, made in the order in which they need each other: index, health of the
// volumes, client, store.
#ifndef S3API_PROGRAM_STORE_STACK_H_
#define S3API_PROGRAM_STORE_STACK_H_

#include <memory>

#include "mkvcore/format/placement.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/volume_client.h"
#include "mkvcore/volumes/volume_health.h"
#include "mkvcore/volumes/volume_options.h"
#include "s3api/program/command_line.h"

namespace mkv {

// The placement that -volumes, -replicas and -subvolumes describe now. Throws std::exception with a
// message for people.
std::shared_ptr<const Placement> MakePlacement(const Options& options);

// The same, if what it names is there and good: what is wrong is told at the start, and not by
// every volume. Throws std::runtime_error with a message for people.
const VolumeOptions& Checked(const VolumeOptions& volume, const Placement& placement);

class StoreStack {
 public:
  // Opens the index. Throws IndexError, std::invalid_argument, std::runtime_error.
  explicit StoreStack(const Options& options);

  Store& store() { return store_; }

 private:
  std::shared_ptr<const Placement> placement_;
  std::unique_ptr<LevelDbIndex> index_;
  VolumeHealth health_;
  VolumeClient volumes_;
  Store store_;
};

}  // namespace mkv

#endif  // S3API_PROGRAM_STORE_STACK_H_
