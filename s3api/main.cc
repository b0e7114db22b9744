// The program `mkv`: reads the command line and runs the command.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <iostream>
#include <memory>

#include "mkvcore/secrets/core_dumps.h"
#include "s3api/gateway/gateway.h"
#include "s3api/program/command_line.h"
#include "s3api/program/commands.h"
#include "s3api/program/heap.h"
#include "s3api/program/log_format.h"
#include "s3api/program/signals.h"

namespace {

constexpr int kUsageExit = 2;

int Run(const mkv::Options& options) {
  if (options.command == "help") {
    std::cout << mkv::HelpText();
    return 0;
  }
  if (options.command == "version") {
    std::cout << mkv::VersionText();
    return 0;
  }
  mkv::BlockSignals();
  if (options.command == "server") {
    return mkv::RunServer(options, [](const mkv::Options& given, mkv::Store& store) {
      return std::make_unique<mkv::s3::Gateway>(given, store);
    });
  }
  if (options.command == "rebuild") return mkv::RunRebuild(options);
  if (options.command == "rebalance") return mkv::RunRebalance(options);
  if (options.command == "scrub") return mkv::RunScrub(options);
  if (options.command == "check") return mkv::RunCheck(options);
  if (options.command == "backup") return mkv::RunBackup(options);
  return mkv::RunForget(options);
}

}  // namespace

int main(int argc, char** argv) {
  mkv::SetHeapThresholds();
  // The log goes to standard error: standard output belongs to what a command prints.
  spdlog::set_default_logger(spdlog::stderr_color_mt("mkv"));
  mkv::SetLogFormat();
  try {
    mkv::ForbidCoreDumps();
    const mkv::Options options = mkv::ParseCommandLine(argc, argv);
    if (options.verbose) spdlog::set_level(spdlog::level::debug);
    return Run(options);
  } catch (const mkv::UsageError& error) {
    std::cerr << "mkv: " << error.what() << "; see mkv --help\n";
    return kUsageExit;
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 1;
  }
}
