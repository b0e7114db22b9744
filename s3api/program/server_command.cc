#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <condition_variable>
#include <mutex>

#include "mkvcore/http/server.h"
#include "mkvcore/store/garbage_collector.h"
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

void Reload(const Options& options, Store& store, Frontend& frontend, http::Server& server) {
  try {
    store.SetPlacement(MakePlacement(options));
    frontend.Reload();
    server.ReloadCertificate();
    spdlog::info("settings re-read: {} volumes", store.placement()->volumes().size());
  } catch (const std::exception& error) {
    spdlog::error("reload failed, what was wrong stays as it was: {}", error.what());
  }
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
  StoreStack stack(options);
  GarbageCollector collector(stack.store());
  const std::unique_ptr<Frontend> frontend = make_frontend(options, stack.store());
  http::Server server(options.http, frontend->handler());

  Latch stop;
  const SignalThread signals([&] { Reload(options, stack.store(), *frontend, server); },
                             [&] { stop.Open(); });
  collector.Start();
  server.Start();
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
  spdlog::info(finished ? "stopped" : "stopped; some requests were broken off");
  return 0;
}

}  // namespace mkv
