#include "s3api/checksum/crc64nvme.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace mkv::s3 {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kSlices = 16;
using Tables = std::array<std::array<std::uint64_t, 256>, kSlices>;

// tables[n][b]: the CRC of the byte b followed by n zero bytes. Slicing takes kSlices bytes at a
// step, each through its own table ("A Systematic Approach to Building High Performance
// Software-based CRC Generators", Kounavis and Berry, 2005).
constexpr Tables MakeTables() {
  Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1) != 0 ? (crc >> 1) ^ kCrc64NvmePolynomial : crc >> 1;
    }
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t crc = tables[slice - 1][byte];
      tables[slice][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

std::uint64_t Load(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// The eight bytes of `word` through the tables first_table + 7 .. first_table.
std::uint64_t Fold(std::uint64_t word, std::size_t first_table) {
  std::uint64_t crc = 0;
  for (std::size_t byte = 0; byte < 8; ++byte) {
    crc ^= kTables[first_table + 7 - byte][(word >> (8 * byte)) & 0xff];
  }
  return crc;
}

}  // namespace

std::uint64_t Crc64Nvme(std::uint64_t crc, std::string_view bytes) {
  crc = ~crc;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= kSlices; at += kSlices, left -= kSlices) {
    crc = Fold(Load(at) ^ crc, 8) ^ Fold(Load(at + 8), 0);
  }
  for (; left > 0; ++at, --left) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  }
  return ~crc;
}

}  // namespace mkv::s3
