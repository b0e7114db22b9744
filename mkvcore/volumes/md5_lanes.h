// The blocks of several MD5s (RFC 1321, 3.4) at once, each in a lane of the CPU's vectors.
//
// Every step of an MD5 needs the one before, so that a core does nothing most of the time that a
// single one takes, however it is written; eight that have nothing to do with each other fill it.
// By AVX2 all eight advance at half the pace of one alone, by SSE2 at a fifth.
//
// A pure function, for little-endian machines.
#ifndef MKVCORE_VOLUMES_MD5_LANES_H_
#define MKVCORE_VOLUMES_MD5_LANES_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace mkv {

inline constexpr std::size_t kMd5Lanes = 8;
inline constexpr std::size_t kMd5Block = 64;  // bytes

struct Md5Lane {
  std::array<std::uint32_t, 4> state;  // A, B, C, D
  const unsigned char* blocks;
};

// From how many on this is faster here than one after the other.
std::size_t Md5LanesWorthwhile();

// `count` blocks of each.
void HashMd5Blocks(std::array<Md5Lane, kMd5Lanes>& lanes, std::size_t count);

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_MD5_LANES_H_
