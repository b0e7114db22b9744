// A child process: started by the constructor, ended (SIGKILL) by the destructor if need be.
//
//   Process sleeper({.arguments = {"sleep", "60"}});
//   sleeper.Signal(SIGTERM);
//   EXPECT_EQ(sleeper.Wait(5s), 128 + SIGTERM);
//
// It also dies with the thread that started it (PR_SET_PDEATHSIG counts threads, not processes):
// start what is to live longer from the main thread. Not thread-safe. Times out with nullopt;
// everything else that goes wrong is a std::system_error.
#ifndef TESTS_SUPPORT_PROCESS_H_
#define TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mkv::testing {

struct ProcessOptions {
  std::vector<std::string> arguments;  // the program first; looked up in PATH
  // Added to this process's environment; nullopt takes one away.
  std::map<std::string, std::optional<std::string>> environment = {};
  std::filesystem::path output = {};  // stdout and stderr, appended; empty: those of the test
  std::filesystem::path folder = {};  // working directory; empty: that of the test
  bool own_group = false;             // leads a process group, for SignalGroup()
  int death_signal = SIGKILL;         // what it gets when its parent dies
};

// Of /proc/PID/status, in bytes.
struct MemoryUse {
  std::uint64_t resident = 0;       // VmRSS
  std::uint64_t peak_resident = 0;  // VmHWM
};

class Process {
 public:
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running();  // false once it has ended

  void Signal(int signal);
  void SignalGroup(int signal);  // needs own_group

  // Waits for the end: the exit code, or 128 + the signal that ended it, as a shell has it.
  std::optional<int> Wait(std::chrono::milliseconds timeout);
  // SIGTERM, then Wait().
  std::optional<int> Terminate(std::chrono::milliseconds timeout = std::chrono::seconds(60));
  // SIGKILL, and gone when it returns.
  void Kill();

  MemoryUse Memory() const;

 private:
  pid_t pid_ = -1;
  bool own_group_ = false;
  std::optional<int> status_;
};

// Runs a program to its end; its exit code as Wait() gives it. A program that takes longer than the
// timeout is killed, and nullopt returned.
std::optional<int> RunProgram(const ProcessOptions& options,
                              std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_PROCESS_H_
