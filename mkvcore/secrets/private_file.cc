#include "mkvcore/secrets/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace mkv {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void ThrowErrno(const std::string& path, const char* what) {
  throw PrivateFileError(path + ": can not be " + what + ": " +
                         std::generic_category().message(errno));
}

}  // namespace

std::string ReadPrivateFile(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) ThrowErrno(path, "opened");
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) ThrowErrno(path, "read");
  if (!S_ISREG(status.st_mode)) throw PrivateFileError(path + ": is no file");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 07777u);
    throw PrivateFileError(path + ": others than its owner have access to it (mode " + mode.data() +
                           "), but it holds secrets: run `chmod 600 " + path + "`");
  }
  std::string text;
  std::array<char, 1 << 14> buffer;
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ThrowErrno(path, "read");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxPrivateFileBytes) throw PrivateFileError(path + ": is too large");
  }
}

}  // namespace mkv
