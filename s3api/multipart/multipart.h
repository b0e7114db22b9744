// All that multipart uploads stand on, in the order in which it is needed. One a server; outlives
// every request. Thread-safe.
#ifndef S3API_MULTIPART_MULTIPART_H_
#define S3API_MULTIPART_MULTIPART_H_

#include <chrono>
#include <cstdint>

#include "mkvcore/store/store.h"
#include "s3api/multipart/part_memory.h"
#include "s3api/multipart/part_stager.h"
#include "s3api/multipart/transfer_slots.h"
#include "s3api/multipart/upload_registry.h"

namespace mkv::s3 {

struct MultipartOptions {
  std::uint64_t memory = std::uint64_t{1} << 30;          // -multipart-memory
  std::chrono::milliseconds expiry{24 * 60 * 60 * 1000};  // -multipart-expiry
};

struct Multipart {
  // Parts on their way to a volume at once, and uploads being completed. More would not make the
  // volumes faster. Each has its own: parts take as long as their clients like, and must not hold
  // up what gives memory back.
  static constexpr unsigned kParts = 16;
  static constexpr unsigned kCompletions = 8;

  // `store` outlives it. Removes what an earlier process has left.
  Multipart(Store& store, const MultipartOptions& options)
      : memory(options.memory),
        part_slots(kParts),
        completion_slots(kCompletions),
        stager(store, memory, part_slots),
        uploads(memory, options.expiry) {
    store.DropStaged();
  }

  PartMemory memory;
  TransferSlots part_slots;
  TransferSlots completion_slots;
  PartStager stager;
  UploadRegistry uploads;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_MULTIPART_H_
