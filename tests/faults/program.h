// The program's commands as processes of their own, for tests that interrupt them.
#ifndef TESTS_FAULTS_PROGRAM_H_
#define TESTS_FAULTS_PROGRAM_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/support/cluster.h"
#include "tests/support/process.h"
#include "tests/support/tree.h"

namespace mkv::testing {

// `mkv ARGUMENTS`; what it prints goes to FOLDER/program.log.
inline ProcessOptions Program(const Cluster& cluster, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ProgramUnderTest());
  return {.arguments = std::move(arguments), .output = cluster.folder() / "program.log"};
}

// The options of an offline command over `volumes` and the cluster's index.
inline std::vector<std::string> Offline(Cluster& cluster, const std::vector<std::string>& volumes,
                                        const std::vector<std::string>& command) {
  const GatewayOptions& gateway = cluster.gateway().options();
  std::string joined;
  for (const std::string& volume : volumes) joined += (joined.empty() ? "" : ",") + volume;
  std::vector<std::string> arguments = {"-volumes",    joined,
                                        "-db",         gateway.index.string(),
                                        "-replicas",   std::to_string(gateway.replicas),
                                        "-subvolumes", std::to_string(gateway.subvolumes)};
  arguments.insert(arguments.end(), gateway.arguments.begin(), gateway.arguments.end());
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

}  // namespace mkv::testing

#endif  // TESTS_FAULTS_PROGRAM_H_
