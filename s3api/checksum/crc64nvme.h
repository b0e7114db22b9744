// CRC-64/NVME: the polynomial of the NVM Express command set, reflected 0x9A6C9329AC4BC9B5, all
// bits inverted before and after. ISA-L 2.30 has other CRC-64s only.
//
// Pure; thread-safe.
#ifndef S3API_CHECKSUM_CRC64NVME_H_
#define S3API_CHECKSUM_CRC64NVME_H_

#include <cstdint>
#include <string_view>

namespace mkv::s3 {

inline constexpr std::uint64_t kCrc64NvmePolynomial = 0x9A6C9329AC4BC9B5;  // reflected

// The CRC of what `crc` was computed over followed by `bytes`; 0 is the CRC of nothing.
std::uint64_t Crc64Nvme(std::uint64_t crc, std::string_view bytes);

}  // namespace mkv::s3

#endif  // S3API_CHECKSUM_CRC64NVME_H_
