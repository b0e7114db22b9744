// How much memory this process occupies: what "with fixed memory" is tested by.
#ifndef TESTS_VOLUMES_RESIDENT_MEMORY_H_
#define TESTS_VOLUMES_RESIDENT_MEMORY_H_

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace mkv::testing {

// A sanitizer's memory is not the program's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsOurs = false;
#else
inline constexpr bool kMemoryIsOurs = true;
#endif

inline std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");  // proc(5): size resident ..., in pages
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace mkv::testing

#endif  // TESTS_VOLUMES_RESIDENT_MEMORY_H_
