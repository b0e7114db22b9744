// Signals as calls of an ordinary thread: SIGHUP reloads, the first SIGINT or SIGTERM asks to end,
// the second one ends the process at once, as does the first where nobody asked to be told.
#ifndef S3API_PROGRAM_SIGNALS_H_
#define S3API_PROGRAM_SIGNALS_H_

#include <functional>
#include <thread>

namespace mkv {

// Blocks SIGHUP, SIGINT and SIGTERM in this thread and in those it starts from now on, and ignores
// SIGPIPE. Call it before any other thread is started.
void BlockSignals();

// Receives the blocked signals on a thread of its own, which ends with the object.
class SignalThread {
 public:
  SignalThread(std::function<void()> on_reload, std::function<void()> on_stop);
  ~SignalThread();
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  void Run(const std::stop_token& ended, const std::function<void()>& on_reload,
           const std::function<void()>& on_stop);

  std::jthread thread_;
};

}  // namespace mkv

#endif  // S3API_PROGRAM_SIGNALS_H_
