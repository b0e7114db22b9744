// Owns a file descriptor.
#ifndef TESTS_SUPPORT_DESCRIPTOR_H_
#define TESTS_SUPPORT_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace mkv::testing {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  void Close() {
    if (fd_ >= 0) {
      close(std::exchange(fd_, -1));
    }
  }

 private:
  int fd_ = -1;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_DESCRIPTOR_H_
