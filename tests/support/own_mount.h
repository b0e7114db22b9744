// A file or a folder of the machine that one test sees otherwise.
#ifndef TESTS_SUPPORT_OWN_MOUNT_H_
#define TESTS_SUPPORT_OWN_MOUNT_H_

#include <filesystem>
#include <functional>

namespace mkv::testing {

// Does `work` on a thread of its own, which, with all that it starts, finds `instead` where `path`
// is. Both are files or both folders. False, and nothing was done, where that is not allowed: only
// root may.
[[nodiscard]] bool RunWithOwnMount(const std::filesystem::path& path,
                                   const std::filesystem::path& instead,
                                   const std::function<void()>& work);

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_OWN_MOUNT_H_
