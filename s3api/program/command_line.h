// The command line: the original's, and what came to it.
//
//   mkv -volumes a,b,c -db DIR [options] server|rebuild|rebalance|scrub|check|backup [DIR]|...
//
// One dash or two, `-name value` or `-name=value` (getopt_long_only); options may stand on either
// side of the command.
#ifndef S3API_PROGRAM_COMMAND_LINE_H_
#define S3API_PROGRAM_COMMAND_LINE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "mkvcore/http/server.h"
#include "mkvcore/native/redirect.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/volume_options.h"

namespace mkv {

struct Options {
  std::string command;                 // server, rebuild, rebalance, scrub, check ...
  std::vector<std::string> arguments;  // what follows it

  std::string volumes;  // as given: see volume_list.h
  std::string db;
  std::size_t replicas = 3;
  std::size_t subvolumes = 10;
  bool verbose = false;
  bool rehash = false;              // rebuild: read every blob for its MD5 and CRC32C
  std::string server;               // a running server's URL, for what it can do itself
  std::uint64_t rate = 0;           // scrub: bytes a second, 0: no limit
  std::optional<unsigned> threads;  // rebuild, rebalance, scrub, check; nullopt: as each likes

  // For S3; empty means as described in the help.
  std::string credentials;
  bool allow_plain_basic = false;
  std::string domain;
  std::string region;
  std::optional<bool> implicit_buckets;
  std::optional<std::uint64_t> multipart_memory;
  std::chrono::milliseconds multipart_expiry{std::chrono::hours(24)};
  std::chrono::milliseconds whitespace_interval{std::chrono::seconds(5)};

  http::ServerOptions http;
  StoreOptions store;
  VolumeOptions volume;
  RedirectOptions redirect;
};

// The command line can not be carried out as given; what() says why.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws UsageError. `--help` and `--version` give the commands "help" and "version".
Options ParseCommandLine(int argc, char** argv);

std::string HelpText();
std::string VersionText();

}  // namespace mkv

#endif  // S3API_PROGRAM_COMMAND_LINE_H_
