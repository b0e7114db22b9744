// A folder of its own for one test, removed with all it holds when the object goes.
//
//   TempFolder folder;
//   std::filesystem::create_directory(folder.path() / "index");
//
// It lies under $TMPDIR (or /tmp). Set MKV_KEEP_TEMP=1 to look at what a failed test left.
#ifndef TESTS_SUPPORT_TEMP_FOLDER_H_
#define TESTS_SUPPORT_TEMP_FOLDER_H_

#include <filesystem>

namespace mkv::testing {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_TEMP_FOLDER_H_
