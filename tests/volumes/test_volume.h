// A volume without subvolumes in a folder that goes with it, and what is on its disk.
#ifndef TESTS_VOLUMES_TEST_VOLUME_H_
#define TESTS_VOLUMES_TEST_VOLUME_H_

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/file_text.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {

class TestVolume : private TempFolder, public NginxVolume {
 public:
  TestVolume() : NginxVolume({.folder = path() / "volume", .subvolumes = 1}) {}

  // By a name that is looked up, and that has an IPv6 address too, where nobody listens.
  std::string local_name() const { return "localhost:" + std::to_string(port()); }

  std::optional<std::string> File(const std::string& blob_path) const {
    const std::string file = folder().string() + blob_path;
    if (!std::filesystem::exists(file)) return std::nullopt;
    return FileText(file);
  }

  void Store(const std::string& blob_path, const std::string& value) {
    const std::filesystem::path file = folder().string() + blob_path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << value;
  }

  // In the way of a file of that name.
  void MakeFolder(const std::string& blob_path) const {
    std::filesystem::create_directories(folder().string() + blob_path);
  }

  // No blob, and no upload under way. nginx notices a broken-off one when its connection closes.
  bool BecomesEmpty() const {
    for (int i = 0; i < 500; ++i) {
      if (Files().empty() && std::filesystem::is_empty(folder() / ".nginx" / "body_temp")) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

}  // namespace mkv::testing

#endif  // TESTS_VOLUMES_TEST_VOLUME_H_
