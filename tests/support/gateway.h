// The real gateway: the built `mkv` binary, serving on a free port.
//
//   Gateway gateway({.volumes = {v1.name(), v2.name(), v3.name()}, .index = folder / "index"});
//   client.Put(gateway.Url("/a key"), "value");
//   EXPECT_EQ(gateway.Terminate(), 0);
//   gateway.Start();  // again: same port, same index
//
// The constructor returns when GET /.mkv/health answers 200; it throws std::runtime_error with the
// log when that does not come. Not thread-safe.
#ifndef TESTS_SUPPORT_GATEWAY_H_
#define TESTS_SUPPORT_GATEWAY_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"

namespace mkv::testing {

struct GatewayOptions {
  std::vector<std::string> volumes;
  std::filesystem::path index;  // the log is put beside it: INDEX.log
  unsigned replicas = 3;
  unsigned subvolumes = 10;
  std::uint16_t port = 0;                   // 0: a free one
  std::vector<std::string> arguments = {};  // further options, such as {"-md5sum=false"}
  std::map<std::string, std::optional<std::string>> environment = {};
  // Set with -cert and -key among the arguments: whom clients are to trust.
  std::string authority = {};
  std::vector<std::string> run_by = {};  // a command in front, such as {"prlimit", "--nofile=80"}
};

class Gateway {
 public:
  explicit Gateway(GatewayOptions options);

  std::uint16_t port() const { return options_.port; }
  std::string url() const { return Scheme() + "127.0.0.1:" + std::to_string(options_.port); }
  // Of a key, any bytes, beginning with `/`.
  std::string Url(std::string_view key) const;
  GatewayOptions& options() { return options_; }  // changed ones count from the next Start()

  void Start();
  // SIGTERM and the exit status (128 + signal when it had to be ended by one); nullopt: still runs.
  std::optional<int> Terminate(std::chrono::milliseconds timeout = std::chrono::seconds(60));
  void Kill();  // SIGKILL
  bool running() { return process_ && process_->running(); }
  void Signal(int signal) { process_.value().Signal(signal); }
  pid_t pid() const { return process_.value().pid(); }
  MemoryUse Memory() const { return process_.value().Memory(); }
  std::string Log() const;

  // Runs `mkv OPTIONS COMMAND` (rebuild, rebalance, forget ...) with this gateway's volumes and
  // index to its end: the exit status. What it printed is appended to Log().
  std::optional<int> RunCommand(const std::vector<std::string>& command,
                                std::chrono::milliseconds timeout = std::chrono::minutes(2)) const;

 private:
  std::string Scheme() const { return options_.authority.empty() ? "http://" : "https://"; }
  std::filesystem::path LogFile() const;
  std::vector<std::string> CommandLine() const;
  bool TryStart();

  GatewayOptions options_;
  std::optional<Process> process_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_GATEWAY_H_
