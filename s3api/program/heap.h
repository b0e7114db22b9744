// How the C library's heap gives memory back to the system.
#ifndef S3API_PROGRAM_HEAP_H_
#define S3API_PROGRAM_HEAP_H_

#include <cstddef>

namespace mkv {

// What each of the heap's arenas may keep free at its end, bytes. A page of a listing is 200 KB of
// text and as much of entries. With the C library's 128 KB (mallopt(3), M_TRIM_THRESHOLD) that goes
// back to the system after each page and is faulted in again for the next one: 3.6 to 5.8 ms a page
// over a million keys, and not 1.4.
inline constexpr std::size_t kKeptFree = std::size_t{4} << 20;

// From here on an allocation is mapped for itself alone, and unmapped when it is freed
// (M_MMAP_THRESHOLD). Above the ring of a PUT, 1 MiB, which is needed anew for each.
inline constexpr std::size_t kMappedAlone = std::size_t{4} << 20;

// Before the process has threads. Parts of uploads are not in the heap (part_memory.h).
void SetHeapThresholds();

}  // namespace mkv

#endif  // S3API_PROGRAM_HEAP_H_
