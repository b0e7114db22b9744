#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "tests/support/descriptor.h"

namespace mkv::testing {
namespace {

constexpr std::chrono::milliseconds kPollInterval{5};

std::vector<std::string> Environment(
    const std::map<std::string, std::optional<std::string>>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) {
      result.emplace_back(text);
    }
  }
  for (const auto& [name, value] : changes) {
    if (value) {
      result.push_back(name + "=" + *value);
    }
  }
  return result;
}

// What execvpe takes: pointers to the strings, ended by a null.
std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) {
    result.push_back(string.data());
  }
  result.push_back(nullptr);
  return result;
}

}  // namespace

Process::Process(const ProcessOptions& options) : own_group_(options.own_group) {
  // All memory is taken before the fork: the child of a process with threads may not allocate.
  std::vector<std::string> arguments = options.arguments;
  std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const std::string folder = options.folder.string();
  Descriptor output;
  if (!options.output.empty()) {
    output =
        Descriptor(open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!output) {
      throw std::system_error(errno, std::generic_category(), options.output.string());
    }
  }

  pid_ = fork();
  if (pid_ < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, options.death_signal);
    if (options.own_group) {
      setpgid(0, 0);
    }
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    if (output) {
      dup2(output.get(), STDOUT_FILENO);
      dup2(output.get(), STDERR_FILENO);
    }
    if (folder.empty() || chdir(folder.c_str()) == 0) {
      execvpe(argv.front(), argv.data(), envp.data());
    }
    _exit(127);
  }
  if (own_group_) {
    setpgid(pid_, pid_);  // whoever of the two comes first
  }
}

Process::~Process() {
  if (pid_ > 0) {
    Kill();
  }
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), own_group_(other.own_group_), status_(other.status_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(own_group_, other.own_group_);
  std::swap(status_, other.status_);
  return *this;
}

bool Process::running() { return !Wait(std::chrono::milliseconds(0)); }

void Process::Signal(int signal) {
  if (!status_) {
    kill(pid_, signal);
  }
}

void Process::SignalGroup(int signal) {
  if (!own_group_) {
    throw std::logic_error("the process leads no group");
  }
  kill(-pid_, signal);
}

std::optional<int> Process::Wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!status_) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (ended < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "waitpid");
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(kPollInterval);
    }
  }
  return status_;
}

std::optional<int> Process::Terminate(std::chrono::milliseconds timeout) {
  Signal(SIGTERM);
  return Wait(timeout);
}

void Process::Kill() {
  Signal(SIGKILL);
  Wait(std::chrono::hours(1));
}

MemoryUse Process::Memory() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  MemoryUse use;
  for (std::string line; std::getline(in, line);) {
    const auto kilobytes = [&line] { return std::stoull(line.substr(line.find(':') + 1)) << 10; };
    if (line.starts_with("VmRSS:")) {
      use.resident = kilobytes();
    } else if (line.starts_with("VmHWM:")) {
      use.peak_resident = kilobytes();
    }
  }
  return use;
}

std::optional<int> RunProgram(const ProcessOptions& options, std::chrono::milliseconds timeout) {
  return Process(options).Wait(timeout);
}

}  // namespace mkv::testing
