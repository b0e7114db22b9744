#include "s3api/program/command_line.h"

#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <string_view>

#include "mkvcore/store/scrub.h"
#include "s3api/program/duration.h"

namespace mkv {

namespace {

using Setter = std::function<void(Options& options, std::string_view value)>;

struct OptionSpec {
  const char* name;
  const char* value;  // what the help calls it; nullptr for a switch
  const char* help;
  Setter set;
};

[[noreturn]] void Refuse(std::string_view value, const std::string& wanted) {
  throw UsageError("\"" + std::string(value) + "\" is not " + wanted);
}

std::uint64_t Number(std::string_view value, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < least ||
      number > most) {
    Refuse(value, "a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

std::chrono::milliseconds Duration(std::string_view value) {
  const std::optional<std::chrono::milliseconds> duration = ParseDuration(value);
  if (!duration) Refuse(value, "a duration such as 1s, 500ms or 1m30s");
  return *duration;
}

std::chrono::milliseconds PositiveDuration(std::string_view value) {
  const std::chrono::milliseconds duration = Duration(value);
  if (duration.count() == 0) Refuse(value, "a duration of a millisecond or more");
  return duration;
}

// A size, with an optional K, M, G or T, or k, m, g or t (powers of 1024).
std::uint64_t Bytes(std::string_view value) {
  static constexpr std::string_view kUnits = "KMGTkmgt";
  std::uint64_t factor = 1;
  std::string_view digits = value;
  if (!value.empty()) {
    if (const std::size_t unit = kUnits.find(value.back()); unit != std::string_view::npos) {
      factor = std::uint64_t{1} << (10 * (unit % 4 + 1));
      digits.remove_suffix(1);
    }
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      number > std::numeric_limits<std::int64_t>::max() / factor) {
    Refuse(value, "a number of bytes, such as 1000, 64K, 20M, 1G or 5T (K is 1024)");
  }
  return number * factor;
}

// As Go's flag package: `-md5sum`, `-md5sum=false`.
bool Switch(std::string_view value) {
  for (const std::string_view yes : {"", "1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return false;
  }
  Refuse(value, "true or false");
}

constexpr std::uint64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

const std::vector<OptionSpec>& Specs() {
  using O = Options;
  using V = std::string_view;
  static const std::vector<OptionSpec> specs = {
      // The original's.
      {"volumes", "LIST", "volume servers, HOST:PORT,HOST:PORT,... or @FILE, re-read on SIGHUP",
       [](O& o, V v) { o.volumes = v; }},
      {"db", "DIR", "folder of the index", [](O& o, V v) { o.db = v; }},
      {"port", "N", "port to listen on (3000)",
       [](O& o, V v) { o.http.port = static_cast<std::uint16_t>(Number(v, 0, 65535)); }},
      {"replicas", "N", "replicas of every value (3)",
       [](O& o, V v) { o.replicas = Number(v, 1, kMaxCount); }},
      {"subvolumes", "N", "subvolumes, disks of every volume (10)",
       [](O& o, V v) { o.subvolumes = Number(v, 1, 256); }},
      {"fallback", "HOST", "redirect missing keys to this server",
       [](O& o, V v) { o.redirect.fallback = v; }},
      {"protect", nullptr, "only an unlinked key may be deleted",
       [](O& o, V v) { o.store.protect = Switch(v); }},
      {"md5sum", nullptr, "compute and store the MD5 of values (true; -md5sum=false)",
       [](O& o, V v) { o.store.md5sum = Switch(v); }},
      {"voltimeout", "TIME", "a volume that answers no HEAD in this time is down (1s)",
       [](O& o, V v) { o.volume.timeouts.head = Duration(v); }},
      {"v", nullptr, "log every request", [](O& o, V v) { o.verbose = Switch(v); }},
      // Ours.
      {"credentials", "FILE", "access keys, re-read on SIGHUP (or MKV_ACCESS_KEY, MKV_SECRET_KEY)",
       [](O& o, V v) { o.credentials = v; }},
      {"cert", "FILE", "TLS: certificate and its chain, PEM, re-read on SIGHUP",
       [](O& o, V v) { o.http.certificate = v; }},
      {"key", "FILE", "TLS: its key, PEM, mode 0600, re-read on SIGHUP",
       [](O& o, V v) { o.http.private_key = v; }},
      {"allow-plain-basic", nullptr, "HTTP Basic from other machines without TLS, too",
       [](O& o, V v) { o.allow_plain_basic = Switch(v); }},
      {"volumes-tls", nullptr, "speak TLS with the volumes, and redirect to https",
       [](O& o, V v) { o.volume.tls = Switch(v); }},
      {"volumes-ca", "FILE", "authorities of the volumes' certificates, PEM (the machine's)",
       [](O& o, V v) { o.volume.authorities = v; }},
      {"volumes-sockets", "DIR", "reach volumes on this machine by their sockets there (SOCKET=)",
       [](O& o, V v) { o.volume.sockets = v; }},
      {"domain", "NAME", "S3: buckets are named in the host too, BUCKET.NAME",
       [](O& o, V v) { o.domain = v; }},
      {"region", "NAME", "S3: the only region accepted in signatures (any)",
       [](O& o, V v) { o.region = v; }},
      {"implicit-buckets", nullptr, "S3: a PUT makes its bucket (only without credentials)",
       [](O& o, V v) { o.implicit_buckets = Switch(v); }},
      {"multipart-memory", "BYTES", "S3: memory for parts of uploads (a quarter of the machine's)",
       [](O& o, V v) { o.multipart_memory = Bytes(v); }},
      {"multipart-expiry", "TIME", "S3: uploads that nobody adds to are dropped after (24h)",
       [](O& o, V v) { o.multipart_expiry = Duration(v); }},
      {"whitespace-interval", "TIME", "S3: a long copy or Complete sends white space every (5s)",
       [](O& o, V v) { o.whitespace_interval = PositiveDuration(v); }},
      {"address", "IP", "address to listen on (0.0.0.0)", [](O& o, V v) { o.http.address = v; }},
      {"verify-ttl", "TIME",
       "redirect without asking to a replica found within (1s; 0: always ask)",
       [](O& o, V v) { o.redirect.verify_ttl = Duration(v); }},
      {"sync", nullptr, "the index is synced to its disk before a change is answered",
       [](O& o, V v) { o.store.sync = Switch(v); }},
      {"garbage-delay", "TIME", "overwritten blobs stay for readers under way (1m)",
       [](O& o, V v) { o.store.garbage_delay = Duration(v); }},
      {"settle-delay", "TIME",
       "after a volume answers again, for what it left unanswered to land (1m)",
       [](O& o, V v) { o.store.settle_delay = Duration(v); }},
      {"loops", "N", "event loops (one per core)",
       [](O& o, V v) { o.http.loops = static_cast<unsigned>(Number(v, 1, 1024)); }},
      {"transfers", "N", "requests that move bytes at once, else 503 (4096, or as files allow)",
       [](O& o, V v) { o.http.transfers = static_cast<unsigned>(Number(v, 1, kMaxCount)); }},
      {"max-connections", "N", "client connections at once (from the open-file limit)",
       [](O& o, V v) { o.http.max_connections = Number(v, 0, kMaxCount); }},
      {"max-body", "BYTES", "largest request body (5T)",
       [](O& o, V v) { o.http.max_body_bytes = Bytes(v); }},
      {"max-head", "BYTES", "largest request line and header (32K)",
       [](O& o, V v) { o.http.max_head_bytes = Bytes(v); }},
      {"max-header-fields", "N", "header fields of a request (128)",
       [](O& o, V v) { o.http.max_header_fields = Number(v, 1, kMaxCount); }},
      {"head-timeout", "TIME", "for a request's header to arrive (20s)",
       [](O& o, V v) { o.http.head_timeout = Duration(v); }},
      {"idle-timeout", "TIME", "an idle connection is closed after (75s)",
       [](O& o, V v) { o.http.idle_timeout = Duration(v); }},
      {"min-rate", "BYTES", "slower transfers, over 30 s, are ended (1K a second)",
       [](O& o, V v) { o.http.min_rate = Bytes(v); }},
      {"stop-timeout", "TIME", "on SIGTERM, for requests under way to finish (30s)",
       [](O& o, V v) { o.http.stop_timeout = Duration(v); }},
      {"rehash", nullptr, "rebuild: read every value for its MD5 and CRC32C",
       [](O& o, V v) { o.rehash = Switch(v); }},
      {"threads", "N", "rebuild, rebalance, check: keys or folders at once (16); scrub (4)",
       [](O& o, V v) { o.threads = static_cast<unsigned>(Number(v, 1, 1024)); }},
      {"rate", "BYTES", "scrub: read no more than this a second (no limit)",
       [](O& o, V v) { o.rate = Bytes(v); }},
      {"server", "URL", "rebalance, scrub, check, backup, forget: ask this running server",
       [](O& o, V v) { o.server = v; }},
      {"help", nullptr, "show this", [](O& o, V) { o.command = "help"; }},
      {"version", nullptr, "show the version", [](O& o, V) { o.command = "version"; }},
  };
  return specs;
}

// Of a name that getopt does not take.
[[noreturn]] void RefuseName(const std::string& given) {
  std::string_view name = given;
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  name = name.substr(0, name.find('='));
  std::string beginnings;
  for (const OptionSpec& spec : Specs()) {
    if (name.empty() || !std::string_view(spec.name).starts_with(name)) continue;
    beginnings += (beginnings.empty() ? "-" : ", -") + std::string(spec.name);
  }
  if (beginnings.empty()) throw UsageError("unknown option " + given);
  throw UsageError("ambiguous option " + given + ": it may be " + beginnings);
}

struct CommandSpec {
  const char* name;
  const char* argument;  // what has to follow it; nullptr: nothing
  bool at_a_server;      // -server goes with it
  bool needs_volumes;
};

constexpr CommandSpec kCommands[] = {
    {"server", nullptr, false, true},    {"rebuild", nullptr, false, true},
    {"rebalance", nullptr, true, true},  {"scrub", nullptr, true, true},
    {"check", nullptr, true, true},      {"backup", "DIR", true, false},
    {"forget", "HOST:PORT", true, true},
};

// The same rule as the volumes' script has.
std::string VolumeKey() {
  constexpr std::size_t kShortest = 16;
  constexpr std::size_t kLongest = 128;
  constexpr std::string_view kCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  const char* const given = std::getenv("MKV_VOLUME_KEY");
  std::string key = given == nullptr ? "" : given;
  const bool well_formed = key.size() >= kShortest && key.size() <= kLongest &&
                           key.find_first_not_of(kCharacters) == std::string::npos;
  if (!key.empty() && !well_formed) {
    throw UsageError("MKV_VOLUME_KEY must be 16 to 128 characters of A-Z a-z 0-9 _ -");
  }
  return key;
}

void CheckCommand(const Options& options) {
  const auto* const command =
      std::find_if(std::begin(kCommands), std::end(kCommands),
                   [&](const CommandSpec& known) { return options.command == known.name; });
  if (command == std::end(kCommands)) {
    std::string known;
    for (const CommandSpec& one : kCommands) {
      known += (known.empty() ? "" : ", ") + std::string(one.name);
    }
    throw UsageError(options.command.empty()
                         ? "no command: one of " + known + " is wanted"
                         : "unknown command \"" + options.command + "\": " + known + " are known");
  }
  if (options.arguments.size() != (command->argument != nullptr ? 1 : 0)) {
    throw UsageError(command->argument != nullptr && options.arguments.empty()
                         ? std::string("what is missing: mkv ... ") + command->name + " " +
                               command->argument
                         : "too many arguments after \"" + options.command + "\"");
  }
  if (options.rate != 0 && options.rate < ScrubOptions::kLeastRate) {
    throw UsageError("-rate: less than " + std::to_string(ScrubOptions::kLeastRate) +
                     " bytes a second");
  }
  if (!options.server.empty()) {
    if (!command->at_a_server) {
      throw UsageError("-server does not go with " + options.command);
    }
    return;
  }
  if (options.http.certificate.empty() != options.http.private_key.empty()) {
    throw UsageError("-cert and -key go together");
  }
  if (options.db.empty()) throw UsageError("no index: give -db DIR");
  if (command->needs_volumes && options.volumes.empty()) {
    throw UsageError("no volumes: give -volumes HOST:PORT,...");
  }
}

}  // namespace

Options ParseCommandLine(int argc, char** argv) {
  const std::vector<OptionSpec>& specs = Specs();
  std::vector<option> long_options;
  for (const OptionSpec& spec : specs) {
    long_options.push_back(
        {spec.name, spec.value != nullptr ? required_argument : optional_argument, nullptr, 0});
  }
  long_options.push_back({nullptr, 0, nullptr, 0});

  Options options;
  opterr = 0;
  optind = 0;
  while (true) {
    int index = 0;
    // ':' tells a missing value from an unknown option; -h alone begins several names.
    const int found = getopt_long_only(argc, argv, ":h", long_options.data(), &index);
    if (found == -1) break;
    if (found == 'h') {
      options.command = "help";
      return options;
    }
    const std::string given = argv[optind - 1];
    if (found == ':') throw UsageError(given + " needs a value");
    if (found != 0) RefuseName(given);
    const OptionSpec& spec = specs[static_cast<std::size_t>(index)];
    try {
      spec.set(options, optarg != nullptr ? optarg : "");
    } catch (const UsageError& error) {
      throw UsageError(std::string("-") + spec.name + ": " + error.what());
    }
    if (options.command == "help" || options.command == "version") return options;
  }
  for (int i = optind; i < argc; ++i) {
    if (options.command.empty()) {
      options.command = argv[i];
    } else {
      options.arguments.emplace_back(argv[i]);
    }
  }
  CheckCommand(options);
  // Not an option: a command line can be read by everybody on the machine.
  options.volume.key = VolumeKey();
  return options;
}

std::string HelpText() {
  std::string text =
      "mkv: an object store over nginx volumes, with the API of minikeyvalue\n"
      "\n"
      "  mkv -volumes LIST -db DIR [options] server      serve\n"
      "  mkv -volumes LIST -db DIR [options] rebuild     make the index again from the volumes\n"
      "  mkv -volumes LIST -db DIR [options] rebalance   bring every key where it belongs\n"
      "  mkv -volumes LIST -db DIR [options] scrub       read every replica, repair what is "
      "damaged\n"
      "  mkv -volumes LIST -db DIR [options] check       list what differs between index and "
      "volumes\n"
      "  mkv -db DIR backup COPY                         copy the index into the new folder COPY\n"
      "  mkv -volumes LIST -db DIR forget HOST:PORT      drop what is queued for a lost volume\n"
      "  mkv -server URL rebalance|scrub|check|backup COPY|forget HOST:PORT\n"
      "                                                  the same, in a running server\n"
      "\n"
      "Options, with one dash or two, as -name VALUE or -name=VALUE (default). BYTES may end in "
      "K,\n"
      "M, G or T (powers of 1024); TIME is 500ms, 10s, 1m30s, 24h:\n";
  const auto left_of = [](const OptionSpec& spec) {
    const std::string value = spec.value != nullptr ? std::string(" ") + spec.value : "";
    return std::string("  -") + spec.name + value;
  };
  std::size_t column = 0;
  for (const OptionSpec& spec : Specs()) column = std::max(column, left_of(spec).size() + 1);
  for (const OptionSpec& spec : Specs()) {
    std::string left = left_of(spec);
    left.resize(column, ' ');
    text += left + spec.help + "\n";
  }
  return text;
}

std::string VersionText() { return "mkv " MKV_VERSION "\n"; }

}  // namespace mkv
