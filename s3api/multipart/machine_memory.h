// How much memory this process may count on: the machine's, or what its control groups leave of it.
//
// Source: sysinfo(2), cgroups(7), "Control Group v2" (memory.max) and "Memory Resource Controller"
// (memory.limit_in_bytes) of the Linux kernel's documentation. Thread-safe.
#ifndef S3API_MULTIPART_MACHINE_MEMORY_H_
#define S3API_MULTIPART_MACHINE_MEMORY_H_

#include <cstdint>
#include <filesystem>
#include <optional>

namespace mkv::s3 {

// Bytes, 0 when the kernel does not tell. Not from /proc/meminfo, which a service with
// ProcSubset=pid does not see.
std::uint64_t InstalledMemory();

// Bytes: the least of `installed` and the limits of the process's control group and of those above
// it. 0 when nothing is known. `root`: where /proc and /sys are looked for.
std::uint64_t MachineMemory(const std::filesystem::path& root = "/",
                            std::uint64_t installed = InstalledMemory());

// The budget for staged parts: a quarter of MachineMemory() unless `wanted` says otherwise, and
// three quarters of it at most.
std::uint64_t MultipartMemory(std::optional<std::uint64_t> wanted, std::uint64_t machine);

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_MACHINE_MEMORY_H_
