// Files that hold secrets: credentials, the private key of the server's certificate.
//
// One that others than its owner can read or write is refused, so that a careless `chmod` or
// `umask` is noticed by whoever runs the server and not by whoever looks for keys. Thread-safe.
#ifndef MKVCORE_SECRETS_PRIVATE_FILE_H_
#define MKVCORE_SECRETS_PRIVATE_FILE_H_

#include <cstddef>
#include <stdexcept>
#include <string>

namespace mkv {

// The message is for people: it names the file and what to do, and holds nothing of its content.
class PrivateFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::size_t kMaxPrivateFileBytes = 16 << 20;

// The content of the file. Throws PrivateFileError when it can not be read, is no regular file, is
// larger than kMaxPrivateFileBytes, or grants group or others any access (its mode must be 0600 or
// less).
std::string ReadPrivateFile(const std::string& path);

}  // namespace mkv

#endif  // MKVCORE_SECRETS_PRIVATE_FILE_H_
