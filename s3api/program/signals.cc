#include "s3api/program/signals.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace mkv {

namespace {

constexpr int kInterruptedExit = 130;

sigset_t BlockedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void BlockSignals() {
  const sigset_t signals = BlockedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

SignalThread::SignalThread(std::function<void()> on_reload, std::function<void()> on_stop)
    : thread_([this, on_reload = std::move(on_reload), on_stop = std::move(on_stop)](
                  const std::stop_token& ended) { Run(ended, on_reload, on_stop); }) {}

SignalThread::~SignalThread() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), SIGHUP);  // to it alone: it wakes, and sees that
}

void SignalThread::Run(const std::stop_token& ended, const std::function<void()>& on_reload,
                       const std::function<void()>& on_stop) {
  const sigset_t signals = BlockedSignals();
  bool stopping = false;
  while (true) {
    const int signal = sigwaitinfo(&signals, nullptr);
    if (ended.stop_requested()) return;
    switch (signal) {
      case SIGHUP:
        if (on_reload) on_reload();
        break;
      case SIGINT:
      case SIGTERM:
        if (!on_stop) _exit(kInterruptedExit);
        if (std::exchange(stopping, true)) {
          spdlog::warn("a second signal: ended at once");
          _exit(kInterruptedExit);
        }
        on_stop();
        break;
      default:
        break;
    }
  }
}

}  // namespace mkv
