// The volumes on this machine: those that have a Unix socket, FOLDER/HOST:PORT.sock (unix(7)), made
// by SOCKET= of volume/volume. What goes through it is spared TCP (docs/performance.md); what is
// said there, and the volume's name in the index and in redirects, are the same.
//
// A socket that nobody listens on, such as a killed nginx leaves behind, counts as none.
//
// For one thread at a time.
#ifndef MKVCORE_VOLUMES_LOCAL_SOCKETS_H_
#define MKVCORE_VOLUMES_LOCAL_SOCKETS_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace mkv {

class LocalSockets {
 public:
  // Bytes of a socket's path: sun_path of unix(7), less its end.
  static constexpr std::size_t kMaxPathBytes = 107;
  // How long it is taken to be as it was found: a volume that has a socket from now on, or none any
  // more, is reached the other way after this.
  static constexpr std::chrono::milliseconds kRemembered{1000};

  // `folder` empty: no volume has one.
  explicit LocalSockets(std::string folder) : folder_(std::move(folder)) {}

  // `host` as in VolumeHost(). Empty when it has none: then it is reached by TCP.
  std::string PathFor(const std::string& host);

  static std::string PathIn(const std::string& folder, const std::string& host) {
    return folder + "/" + host + ".sock";
  }

 private:
  struct Found {
    bool listening = false;
    std::chrono::steady_clock::time_point at;
  };

  std::string folder_;
  std::unordered_map<std::string, Found> found_;  // by path
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOCAL_SOCKETS_H_
