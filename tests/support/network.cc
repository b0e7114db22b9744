#include "tests/support/network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

#include "tests/support/descriptor.h"

namespace mkv::testing {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor TcpSocket() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) {
    throw std::system_error(errno, std::generic_category(), "socket");
  }
  return socket;
}

bool WriteProc(const char* file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

bool RaiseLoopback() {
  const Descriptor socket = TcpSocket();
  ifreq request{};
  std::strncpy(static_cast<char*>(request.ifr_name), "lo", IFNAMSIZ - 1);
  if (ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
    return false;
  }
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

}  // namespace

std::uint16_t FreePort() {
  const Descriptor socket = TcpSocket();
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "a free port");
  }
  return ntohs(address.sin_port);
}

bool Accepts(std::uint16_t port) {
  const Descriptor socket = TcpSocket();
  const sockaddr_in address = Loopback(port);
  return connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool AwaitPort(std::uint16_t port, bool wanted, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (Accepts(port) != wanted) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

bool EnterOwnNetwork() {
  const auto user = geteuid();
  const auto group = getegid();
  if (user == 0 && unshare(CLONE_NEWNET) == 0) {
    return RaiseLoopback();
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return false;
  }
  // The same user inside as outside: files keep their owners, nginx sees no root.
  WriteProc("/proc/self/setgroups", "deny");
  return WriteProc("/proc/self/uid_map",
                   std::to_string(user) + " " + std::to_string(user) + " 1") &&
         WriteProc("/proc/self/gid_map",
                   std::to_string(group) + " " + std::to_string(group) + " 1") &&
         RaiseLoopback();
}

}  // namespace mkv::testing
