#include "tests/support/nginx_volume.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/file_text.h"
#include "tests/support/network.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kPorts = 5;
constexpr std::chrono::milliseconds kVolumePatience = 60s;

}  // namespace

NginxVolume::NginxVolume(NginxVolumeOptions options) : options_(std::move(options)) {
  const bool any_port = options_.port == 0;
  for (int attempt = 1;; ++attempt) {
    if (any_port) {
      options_.port = FreePort();
    }
    if (TryStart()) {
      return;
    }
    // Another port helps when this one was lost to somebody else, and with nothing else.
    if (!any_port || attempt == kPorts ||
        Log().find("Address already in use") == std::string::npos) {
      throw std::runtime_error("volume " + name() + " did not start: " + Log());
    }
  }
}

NginxVolume::~NginxVolume() {
  if (process_) {
    Kill();
  }
}

std::filesystem::path NginxVolume::socket() const {
  return options_.sockets.empty() ? "" : options_.sockets / (name() + ".sock");
}

pid_t NginxVolume::pid() const { return process_.value().pid(); }

bool NginxVolume::TryStart() {
  std::filesystem::create_directories(options_.folder.parent_path());
  auto arguments = options_.run_by;
  arguments.push_back(SourceFile("volume/volume"));
  arguments.push_back(options_.folder.string());
  process_.emplace(
      ProcessOptions{.arguments = std::move(arguments),
                     .environment = {{"PORT", std::to_string(options_.port)},
                                     {"LISTEN", "127.0.0.1"},
                                     {"SUBVOLUMES", std::to_string(options_.subvolumes)},
                                     {"WORKERS", "2"},
                                     {"TLS_CERT", options_.certificate.string()},
                                     {"TLS_KEY", options_.certificate_key.string()},
                                     {"SOCKET", socket().string()},
                                     {"MKV_VOLUME_KEY", options_.key}},
                     .output = options_.folder.string() + ".log",
                     .own_group = true,
                     // The master ends its workers; killed, it would leave them behind.
                     .death_signal = SIGTERM});
  // The port alone could be somebody else's: the pid file is written once it has been bound.
  const auto deadline = std::chrono::steady_clock::now() + kVolumePatience;
  const auto pid_file = options_.folder / ".nginx" / "nginx.pid";
  while (std::chrono::steady_clock::now() < deadline && process_->running()) {
    if (FileText(pid_file) == std::to_string(process_->pid()) + "\n" && Accepts(options_.port)) {
      return true;
    }
    std::this_thread::sleep_for(5ms);
  }
  process_.reset();
  return false;
}

void NginxVolume::Start() {
  if (!process_ && !TryStart()) {
    throw std::runtime_error("volume " + name() + " did not start again: " + Log());
  }
}

void NginxVolume::AwaitEnd() {
  process_->Wait(kVolumePatience);
  process_.reset();
  if (!AwaitPort(options_.port, false, kVolumePatience)) {
    throw std::runtime_error("volume " + name() + " did not end");
  }
}

void NginxVolume::Stop() {
  if (process_) {
    process_->Signal(SIGTERM);
    process_->SignalGroup(SIGCONT);
    AwaitEnd();
  }
}

void NginxVolume::Kill() {
  if (process_) {
    process_->SignalGroup(SIGKILL);
    AwaitEnd();
  }
}

std::set<pid_t> NginxVolume::Workers() const {
  const std::string master = std::to_string(pid());
  std::ifstream children("/proc/" + master + "/task/" + master + "/children");
  return {std::istream_iterator<pid_t>(children), {}};
}

void NginxVolume::KillWorkers() {
  const std::set<pid_t> killed = Workers();
  for (const pid_t worker : killed) kill(worker, SIGKILL);
  // One that is still on its way out may take another request with it.
  const auto deadline = std::chrono::steady_clock::now() + kVolumePatience;
  const auto is_left = [&] {
    const std::set<pid_t> workers = Workers();
    return std::ranges::any_of(killed, [&](pid_t worker) { return workers.contains(worker); });
  };
  while (is_left()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("workers of volume " + name() + " did not end");
    }
    std::this_thread::sleep_for(1ms);
  }
}

void NginxVolume::Pause() { process_.value().SignalGroup(SIGSTOP); }

void NginxVolume::Resume() { process_.value().SignalGroup(SIGCONT); }

std::vector<std::string> NginxVolume::Files() const {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (auto it = fs::recursive_directory_iterator(options_.folder);
       it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory()) {
      if (name.starts_with(".") || (it.depth() == 0 && (name == "body_temp" || name == "tmp"))) {
        it.disable_recursion_pending();
      }
    } else if (!name.starts_with(".") && (it.depth() > 0 || name != "nginx.pid")) {
      files.push_back("/" + it->path().lexically_relative(options_.folder).string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string NginxVolume::Log() const {
  return FileText(options_.folder.string() + ".log") +
         FileText(options_.folder / ".nginx" / "error.log");
}

}  // namespace mkv::testing
