#include "tests/support/gateway.h"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/file_text.h"
#include "tests/support/http_client.h"
#include "tests/support/network.h"
#include "tests/support/tree.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kPortAttempts = 5;
// A sanitized binary on a busy machine takes its time.
constexpr std::chrono::milliseconds kStartPatience = 60s;

std::string Joined(const std::vector<std::string>& volumes) {
  std::string joined;
  for (const std::string& volume : volumes) {
    joined += (joined.empty() ? "" : ",") + volume;
  }
  return joined;
}

}  // namespace

Gateway::Gateway(GatewayOptions options) : options_(std::move(options)) {
  const bool any_port = options_.port == 0;
  for (int attempt = 1;; ++attempt) {
    if (any_port) {
      options_.port = FreePort();
    }
    if (TryStart()) {
      return;
    }
    // Lost to somebody else, or something that another port will not cure.
    if (!any_port || attempt == kPortAttempts ||
        Log().find("Address already in use") == std::string::npos) {
      throw std::runtime_error("the gateway did not start: " + Log());
    }
  }
}

std::string Gateway::Url(std::string_view key) const { return url() + UrlEncode(key); }

std::filesystem::path Gateway::LogFile() const { return options_.index.string() + ".log"; }

std::vector<std::string> Gateway::CommandLine() const {
  std::vector<std::string> arguments = options_.run_by;
  arguments.insert(
      arguments.end(),
      {ProgramUnderTest(), "-volumes", Joined(options_.volumes), "-db", options_.index.string(),
       "-replicas", std::to_string(options_.replicas), "-subvolumes",
       std::to_string(options_.subvolumes), "-port", std::to_string(options_.port)});
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  return arguments;
}

bool Gateway::TryStart() {
  auto arguments = CommandLine();
  arguments.emplace_back("server");
  const std::size_t logged = Log().size();
  process_.emplace(ProcessOptions{
      .arguments = std::move(arguments), .environment = options_.environment, .output = LogFile()});
  HttpClient client;
  client.Trust(options_.authority);
  // Until it says so, who answers on the port may be another one, and this one about to find out.
  const auto serves = [&] { return Log().find(" serving on ", logged) != std::string::npos; };
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  while (std::chrono::steady_clock::now() < deadline && process_->running()) {
    if (serves() && client.Do({.url = url() + "/.mkv/health", .timeout = 1s}).status == 200 &&
        process_->running()) {
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  process_.reset();
  return false;
}

void Gateway::Start() {
  if (!process_ && !TryStart()) {
    throw std::runtime_error("the gateway did not start again: " + Log());
  }
}

std::optional<int> Gateway::Terminate(std::chrono::milliseconds timeout) {
  const auto status = process_.value().Terminate(timeout);
  if (status) {
    process_.reset();
  }
  return status;
}

void Gateway::Kill() { process_.reset(); }

std::string Gateway::Log() const { return FileText(LogFile()); }

std::optional<int> Gateway::RunCommand(const std::vector<std::string>& command,
                                       std::chrono::milliseconds timeout) const {
  auto arguments = CommandLine();
  arguments.insert(arguments.end(), command.begin(), command.end());
  return RunProgram(
      {.arguments = std::move(arguments), .environment = options_.environment, .output = LogFile()},
      timeout);
}

}  // namespace mkv::testing
