#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "mkvcore/http/server.h"
#include "mkvcore/index/folder_lock.h"
#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/volumes/local_sockets.h"
#include "mkvcore/volumes/roll_call.h"
#include "mkvcore/volumes/volume_health.h"
#include "s3api/program/commands.h"
#include "s3api/program/signals.h"
#include "s3api/program/store_stack.h"

namespace mkv {

namespace {

// Connections, volumes and the index each take descriptors; the soft limit is often 1,024.
void RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    spdlog::warn("the open-file limit could not be raised to {}", limit.rlim_max);
  }
}

// How many failed: 0 or 1.
int Reload(const char* what, const std::function<void()>& reload) {
  try {
    reload();
    return 0;
  } catch (const std::exception& error) {
    spdlog::error("reload failed, {} as before: {}", what, error.what());
    return 1;
  }
}

// Each on its own: a mistake in one file keeps no other from being taken.
void ReloadAll(const Options& options, Store& store, Frontend& frontend, http::Server& server,
               RollCall& roll_call) {
  int failed = 0;
  failed += Reload("volumes", [&] {
    const std::shared_ptr<const Placement> placement = MakePlacement(options);
    store.SetPlacement(placement);
    roll_call.Call(placement->volumes());
  });
  failed += Reload("access keys", [&] { frontend.Reload(); });
  failed += Reload("certificate and its key", [&] { server.ReloadCertificate(); });
  const std::size_t volumes = store.placement()->volumes().size();
  if (failed == 0) {
    spdlog::info("settings re-read: {} volumes", volumes);
  } else {
    spdlog::warn("the other settings were taken; there are {} volumes", volumes);
  }
}

// A folder that a server made for its index goes again when the server does not come to serve. Made
// before the index is opened, gone after it is closed.
class NewIndexFolder {
 public:
  explicit NewIndexFolder(std::string folder) : folder_(std::move(folder)) {
    std::error_code error;
    keep_ = std::filesystem::exists(folder_, error) || error;
  }
  ~NewIndexFolder() {
    if (keep_) return;
    try {
      if (!std::filesystem::exists(folder_)) return;
      const FolderLock lock(folder_);  // refused when it has become somebody else's meanwhile
      std::filesystem::remove_all(folder_);
    } catch (const std::exception&) {
      return;  // it stays
    }
  }
  NewIndexFolder(const NewIndexFolder&) = delete;
  NewIndexFolder& operator=(const NewIndexFolder&) = delete;

  void Keep() { keep_ = true; }

 private:
  const std::string folder_;
  bool keep_ = true;
};

bool IsEmpty(const Index& index) {
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  entries->Seek("");
  return !entries->Valid();
}

// A name that is not just that of the volume would show in nothing but the speed.
void TellOfSockets(const std::string& folder, const std::vector<std::string>& volumes) {
  LocalSockets sockets(folder);
  const auto local = std::count_if(volumes.begin(), volumes.end(), [&](const std::string& name) {
    return !sockets.PathFor(std::string(VolumeHost(name))).empty();
  });
  spdlog::info("{} of {} volumes have a socket in {}", local, volumes.size(), folder);
}

class Latch {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

}  // namespace

int RunServer(const Options& options, const FrontendFactory& make_frontend) {
  RaiseOpenFileLimit();
  NewIndexFolder index_folder(options.db);
  StoreStack stack(options);
  GarbageCollector collector(stack.store());
  const std::unique_ptr<Frontend> frontend = make_frontend(options, stack.store());
  http::ServerOptions http_options = options.http;
  // A copy reads one replica while it writes the others.
  http_options.transfer_descriptors = static_cast<unsigned>(options.replicas) + 1;
  http::Server server(std::move(http_options), frontend->handler());

  RollCall roll_call(stack.store().volumes());
  Latch stop;
  const SignalThread signals(
      [&] { ReloadAll(options, stack.store(), *frontend, server, roll_call); },
      [&] { stop.Open(); });
  if (!options.volume.sockets.empty()) {
    TellOfSockets(options.volume.sockets, stack.store().placement()->volumes());
  }
  collector.Start();
  server.Start();
  index_folder.Keep();
  roll_call.CallForNewIndex(stack.store().placement()->volumes(),
                            [&index = stack.store().index()] { return IsEmpty(index); });
  if (frontend->open()) {
    spdlog::warn("no credentials: everyone who reaches this port may read, write and delete");
  }
  spdlog::info("serving on {}:{}{} over {} volumes, {} replicas", options.http.address,
               server.port(), options.http.certificate.empty() ? "" : " (TLS)",
               stack.store().placement()->volumes().size(), options.replicas);
  stop.Wait();
  spdlog::info("stopping: requests under way may finish");
  const bool finished = server.Stop();
  collector.Stop();
  if (finished) {
    spdlog::info("stopped");
  } else {
    spdlog::warn("stopped: -stop-timeout ({}s) was over, requests under way were broken off",
                 std::chrono::duration<double>(options.http.stop_timeout).count());
  }
  return 0;
}

}  // namespace mkv
