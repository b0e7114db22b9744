#include "mkvcore/secrets/core_dumps.h"

#include <sys/prctl.h>

namespace mkv {

void ForbidCoreDumps() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace mkv
