// A disk that can be filled: a small tmpfs, which only root may mount.
#ifndef TESTS_FAULTS_SMALL_DISK_H_
#define TESTS_FAULTS_SMALL_DISK_H_

#include <sys/mount.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace mkv::testing {

class SmallDisk {
 public:
  // Mounted over `folder`. `size` as tmpfs(5) has it: "8m".
  SmallDisk(std::filesystem::path folder, const std::string& size)
      : folder_(std::move(folder)),
        mounted_(mount("tmpfs", folder_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::uintmax_t free() const { return std::filesystem::space(folder_).available; }
  // With a file, which gives the room back when it is removed.
  void Fill(const std::filesystem::path& file, std::uintmax_t leave_free) {
    std::ofstream(file) << std::string(free() - leave_free, 'x');
  }

 private:
  const std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace mkv::testing

#endif  // TESTS_FAULTS_SMALL_DISK_H_
