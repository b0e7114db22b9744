// Takes in the bytes of a part: into memory as long as the budget lasts, else, with what it already
// holds in memory going first, on to one volume. One pass, fixed buffers.
//
// Called on worker threads, blocks. What goes into memory is hashed beside (hashing_threads.h), but
// for small parts; these, and what goes to a volume, by the worker. Thread-safe.
#ifndef S3API_MULTIPART_PART_STAGER_H_
#define S3API_MULTIPART_PART_STAGER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "mkvcore/store/store.h"
#include "s3api/multipart/part_memory.h"
#include "s3api/multipart/staged_part.h"
#include "s3api/multipart/transfer_slots.h"

namespace mkv::s3 {

class PartStager {
 public:
  // A part waits so long for its turn to go to a volume, then its client is told to come again.
  static constexpr std::chrono::seconds kPatience{20};

  // All outlive the stager and the parts.
  PartStager(Store& store, PartMemory& memory, TransferSlots& slots)
      : store_(store), memory_(memory), slots_(slots) {}

  // `source` has a size. `upload_id` names the file, should there be one. `checksum` is computed
  // besides. `meanwhile`, if there is one, is called at least once a second. Throws SlowDown when
  // neither memory nor a volume takes the part, and what the source and `meanwhile` throw; then
  // nothing is left of it.
  std::shared_ptr<StagedPart> Stage(Source& source, std::string_view upload_id,
                                    std::optional<ChecksumAlgorithm> checksum,
                                    const std::function<void()>& meanwhile = {});

 private:
  Store& store_;
  PartMemory& memory_;
  TransferSlots& slots_;
  std::atomic<std::uint64_t> last_file_{0};
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_PART_STAGER_H_
