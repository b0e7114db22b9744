#include "s3api/multipart/machine_memory.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace mkv::s3 {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kIfUnknown = std::uint64_t{1} << 30;

// kUnlimited for `max`, and for a file that is not there or holds no number.
std::uint64_t ReadLimit(const fs::path& file) {
  std::ifstream in(file);
  std::string text;
  std::uint64_t limit = 0;
  if (!(in >> text)) return kUnlimited;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error == std::errc() && end == text.data() + text.size() ? limit : kUnlimited;
}

// The limit of the group `group` below `hierarchy`, or of one that it lies in.
std::uint64_t LeastLimit(const fs::path& hierarchy, fs::path group, const char* file) {
  std::uint64_t least = kUnlimited;
  while (true) {
    least = std::min(least, ReadLimit(hierarchy / group / file));
    if (group.empty()) return least;
    group = group.parent_path();
  }
}

// A line of /proc/self/cgroup: `0::/path` of version 2, `N:memory:/path` of version 1. Inside a
// container the path may be one that only the outside sees; the group's own files are then at the
// top.
std::uint64_t GroupLimit(const fs::path& root, std::string_view line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
  if (second == line.npos) return kUnlimited;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  const fs::path group = fs::path(line.substr(second + 1)).relative_path();
  const fs::path mounted = root / "sys/fs/cgroup";
  if (controllers.empty()) return LeastLimit(mounted, group, "memory.max");
  if (controllers != "memory") return kUnlimited;
  return LeastLimit(mounted / "memory", group, "memory.limit_in_bytes");
}

}  // namespace

std::uint64_t InstalledMemory() {
  struct sysinfo machine {};
  return sysinfo(&machine) == 0 ? std::uint64_t{machine.totalram} * machine.mem_unit : 0;
}

std::uint64_t MachineMemory(const fs::path& root, std::uint64_t installed) {
  std::uint64_t memory = installed == 0 ? kUnlimited : installed;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    memory = std::min(memory, GroupLimit(root, line));
  }
  return memory == kUnlimited ? 0 : memory;
}

std::uint64_t MultipartMemory(std::optional<std::uint64_t> wanted, std::uint64_t machine) {
  if (machine == 0) return wanted.value_or(kIfUnknown);
  return std::min(wanted.value_or(machine / 4), machine / 4 * 3);
}

}  // namespace mkv::s3
