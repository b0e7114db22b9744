#include "s3api/program/heap.h"

#include <malloc.h>

namespace mkv {

void SetHeapThresholds() {
  mallopt(M_TRIM_THRESHOLD, kKeptFree);
  mallopt(M_MMAP_THRESHOLD, kMappedAlone);
}

}  // namespace mkv
