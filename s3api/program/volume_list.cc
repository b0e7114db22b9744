#include "s3api/program/volume_list.h"

#include <Poco/StringTokenizer.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace mkv {

std::vector<std::string> ReadVolumeList(const std::string& argument) {
  std::string names = argument;
  const bool is_file = argument.starts_with('@');
  const std::string path = is_file ? argument.substr(1) : "";
  if (is_file) {
    std::ifstream file(path);
    if (!file) {
      throw std::runtime_error("can not read the list of volumes in " + path + ": " +
                               std::strerror(errno));
    }
    names.clear();
    errno = 0;
    for (std::string line; std::getline(file, line);) {
      names += line.substr(0, line.find('#')) + ",";
    }
    if (file.bad()) {
      throw std::runtime_error("can not read the list of volumes in " + path + ": " +
                               std::strerror(errno));
    }
  }
  const Poco::StringTokenizer tokens(
      names, ", \t\r\n", Poco::StringTokenizer::TOK_TRIM | Poco::StringTokenizer::TOK_IGNORE_EMPTY);
  if (is_file && tokens.count() == 0) {
    throw std::runtime_error("the list of volumes in " + path + " is empty");
  }
  return {tokens.begin(), tokens.end()};
}

}  // namespace mkv
