#include "mkvcore/volumes/local_sockets.h"

#include <sys/un.h>

#include <filesystem>
#include <system_error>

namespace mkv {

namespace fs = std::filesystem;

static_assert(LocalSockets::kMaxPathBytes + 1 == sizeof(sockaddr_un{}.sun_path));

bool LocalSockets::MayBeTrusted(const std::string& folder) noexcept {
  std::error_code error;
  const fs::perms mode = fs::status(folder, error).permissions();
  return error || (mode & fs::perms::others_write) == fs::perms::none;
}

bool LocalSockets::IsUsable(const std::string& path) const {
  std::error_code error;
  return path.size() <= kMaxPathBytes && fs::is_socket(path, error) && MayBeTrusted(folder_);
}

std::string LocalSockets::PathFor(const std::string& host) {
  if (folder_.empty()) return {};
  std::string path = PathIn(folder_, host);
  const auto now = std::chrono::steady_clock::now();
  const auto [found, is_new] = found_.try_emplace(path);
  if (is_new || now - found->second.at >= kRemembered) found->second = {IsUsable(path), now};
  return found->second.usable ? path : std::string();
}

void LocalSockets::NobodyListens(const std::string& path) {
  found_[path] = {false, std::chrono::steady_clock::now()};
}

}  // namespace mkv
