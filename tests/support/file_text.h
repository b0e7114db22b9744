// Whole files as text: logs, pid files.
#ifndef TESTS_SUPPORT_FILE_TEXT_H_
#define TESTS_SUPPORT_FILE_TEXT_H_

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace mkv::testing {

// "" when the file is not there.
inline std::string FileText(const std::filesystem::path& file) {
  const std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) {
    text << in.rdbuf();
  }
  return text.str();
}

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_FILE_TEXT_H_
