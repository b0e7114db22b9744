// The volumes on this machine: those that have a Unix socket, FOLDER/HOST:PORT.sock (unix(7)), made
// by SOCKET= of volume/volume. What goes through it is spared TCP (docs/performance.md); what is
// said there, and the volume's name in the index and in redirects, are the same.
//
// Whoever may put a socket there is taken for a volume, and shown its key: nothing in a folder that
// everybody may write to counts.
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

  // `host` as in VolumeHost(). Empty when it has none: then it is reached by TCP. Somebody once
  // listened on it, who may be gone: see NobodyListens().
  std::string PathFor(const std::string& host);
  // Nothing could be connected to it. It counts as none for kRemembered.
  void NobodyListens(const std::string& path);

  static std::string PathIn(const std::string& folder, const std::string& host) {
    return folder + "/" + host + ".sock";
  }
  // Whether what is in `folder` counts. Throws nothing: a folder that is not there is as an empty
  // one.
  static bool MayBeTrusted(const std::string& folder) noexcept;

 private:
  struct Found {
    bool usable = false;
    std::chrono::steady_clock::time_point at;
  };

  bool IsUsable(const std::string& path) const;

  std::string folder_;
  std::unordered_map<std::string, Found> found_;  // by path
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_LOCAL_SOCKETS_H_
