// What `-volumes` names: volumes separated by commas, or `@FILE` with one or more a line.
#ifndef S3API_PROGRAM_VOLUME_LIST_H_
#define S3API_PROGRAM_VOLUME_LIST_H_

#include <string>
#include <string_view>
#include <vector>

namespace mkv {

// Reads the file if it is one; blank lines and what follows a `#` are passed over. Throws
// std::runtime_error with a message for people.
std::vector<std::string> ReadVolumeList(const std::string& argument);

}  // namespace mkv

#endif  // S3API_PROGRAM_VOLUME_LIST_H_
