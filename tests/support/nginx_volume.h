// A real volume: stock nginx, started by volume/volume on a port of 127.0.0.1.
//
//   TempFolder folder;
//   NginxVolume volume({.folder = folder.path() / "volume1"});
//   volume.name()    // "127.0.0.1:40123", as in an index record and in -volumes
//   volume.Pause();  // SIGSTOP: connections are accepted by the kernel, and nothing answers
//   volume.Resume();
//   volume.Kill();   // as by a power cut
//   volume.Start();  // again, on the same port
//
// The constructor returns when it serves. Throws std::runtime_error with nginx's own words when it
// can not. Not thread-safe.
#ifndef TESTS_SUPPORT_NGINX_VOLUME_H_
#define TESTS_SUPPORT_NGINX_VOLUME_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace mkv::testing {

struct NginxVolumeOptions {
  std::filesystem::path folder;    // made if it is not there
  std::uint16_t port = 0;          // 0: a free one
  std::string host = "127.0.0.1";  // in its name; "localhost" where a fixture has it
  unsigned subvolumes = 10;
  std::string key = {};  // MKV_VOLUME_KEY
  // Both or none: speaks TLS. Then url() begins with https.
  std::filesystem::path certificate = {};
  std::filesystem::path certificate_key = {};
  std::filesystem::path sockets = {};    // a folder for its Unix socket; empty: it has none
  std::vector<std::string> run_by = {};  // a command in front, such as {"setpriv", "--reuid=65534"}
};

class NginxVolume {
 public:
  explicit NginxVolume(NginxVolumeOptions options);
  ~NginxVolume();
  NginxVolume(NginxVolume&&) noexcept = default;
  NginxVolume& operator=(NginxVolume&&) = delete;

  std::string name() const { return options_.host + ":" + std::to_string(options_.port); }
  std::string url() const {
    return (options_.certificate.empty() ? "http://" : "https://") + name();
  }
  std::uint16_t port() const { return options_.port; }
  const std::filesystem::path& folder() const { return options_.folder; }
  pid_t pid() const;  // nginx's master process

  void Start();  // after Stop() or Kill(), on the same port
  void Stop();   // SIGTERM, all processes gone when it returns
  void Kill();   // SIGKILL to all of them
  // SIGKILL to those that serve, gone when it returns: transfers break off, and nginx starts
  // others.
  void KillWorkers();
  void Pause();  // SIGSTOP to all of them
  void Resume();
  bool running() const { return process_.has_value(); }

  // SOCKET of the volume, or nothing.
  std::filesystem::path socket() const;
  // The data files, as paths below the folder beginning with `/`, sorted; nginx's own left out.
  std::vector<std::string> Files() const;
  // What nginx has logged, and what the script said when it failed.
  std::string Log() const;

 private:
  bool TryStart();
  void AwaitEnd();
  std::set<pid_t> Workers() const;  // nginx's worker processes, those that have ended left out

  NginxVolumeOptions options_;
  std::optional<Process> process_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_NGINX_VOLUME_H_
