#include "mkvcore/volumes/local_sockets.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace mkv {
namespace {

static_assert(LocalSockets::kMaxPathBytes + 1 == sizeof(sockaddr_un{}.sun_path));

bool SomebodyListens(const std::string& path) {
  if (path.size() > LocalSockets::kMaxPathBytes) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, LocalSockets::kMaxPathBytes);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  // EAGAIN: more wait for it already than it lets wait.
  const bool listens =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN;
  ::close(probe);
  return listens;
}

}  // namespace

std::string LocalSockets::PathFor(const std::string& host) {
  if (folder_.empty()) return {};
  std::string path = PathIn(folder_, host);
  const auto now = std::chrono::steady_clock::now();
  const auto [found, is_new] = found_.try_emplace(path);
  if (is_new || now - found->second.at >= kRemembered) {
    found->second = {SomebodyListens(path), now};
  }
  return found->second.listening ? path : std::string();
}

}  // namespace mkv
