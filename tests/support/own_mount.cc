#include "tests/support/own_mount.h"

#include <sched.h>
#include <sys/mount.h>

#include <thread>

namespace mkv::testing {

bool RunWithOwnMount(const std::filesystem::path& path, const std::filesystem::path& instead,
                     const std::function<void()>& work) {
  bool mounted = false;
  std::thread([&] {
    // The mounts of a thread go with it.
    mounted = unshare(CLONE_NEWNS) == 0 &&
              mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
              mount(instead.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
    if (mounted) work();
  }).join();
  return mounted;
}

}  // namespace mkv::testing
