#include "mkvcore/volumes/md5_lanes.h"

#include <bit>
#include <cstring>

namespace mkv {
namespace {

static_assert(std::endian::native == std::endian::little, "a block is read as it lies in memory");

// A word of each lane. Whoever compiles this for AVX2 has it in one register, others in several;
// none passes it by value, which the two would do differently.
using Words = std::uint32_t __attribute__((vector_size(4 * kMd5Lanes)));

// RFC 1321, 3.4: the table T, and by how much each step of a round rotates.
constexpr std::array<std::uint32_t, 64> kSines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int kRotations[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

constexpr int WordOfStep(int step) {
  switch (step / 16) {
    case 0:
      return step;
    case 1:
      return (5 * step + 1) % 16;
    case 2:
      return (3 * step + 5) % 16;
    default:
      return 7 * step % 16;
  }
}

#define MKV_INLINE [[gnu::always_inline]] inline

template <int step>
MKV_INLINE void Step(Words& a, const Words& b, const Words& c, const Words& d, const Words* block) {
  constexpr int kLeft = kRotations[step / 16][step % 4];
  Words mixed;
  if constexpr (step < 16) {
    mixed = d ^ (b & (c ^ d));
  } else if constexpr (step < 32) {
    // As (b & d) | (c & ~d); but the half that does not need `b`, which is new, can go ahead.
    mixed = (d & b) + (~d & c);
  } else if constexpr (step < 48) {
    mixed = b ^ c ^ d;
  } else {
    mixed = c ^ (b | ~d);
  }
  a += mixed + (block[WordOfStep(step)] + kSines[step]);
  a = ((a << kLeft) | (a >> (32 - kLeft))) + b;
}

template <int step = 0>
MKV_INLINE void AllSteps(Words& a, Words& b, Words& c, Words& d, const Words* block) {
  if constexpr (step < 64) {
    Step<step>(a, b, c, d, block);
    Step<step + 1>(d, a, b, c, block);
    Step<step + 2>(c, d, a, b, block);
    Step<step + 3>(b, c, d, a, block);
    AllSteps<step + 4>(a, b, c, d, block);
  }
}

// Eight words of each lane, into eight vectors of a word of all lanes.
MKV_INLINE void Transpose(const std::array<Md5Lane, kMd5Lanes>& lanes, std::size_t offset,
                          Words* words) {
  Words rows[8];
  for (int i = 0; i < 8; ++i) std::memcpy(&rows[i], lanes[i].blocks + offset, sizeof(Words));
  Words pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  Words fours[8];
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      const Words& low = pairs[i + j];
      const Words& high = pairs[i + j + 2];
      fours[i + 2 * j] = __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; ++i) {
    words[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    words[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

MKV_INLINE void HashBlocks(std::array<Md5Lane, kMd5Lanes>& lanes, std::size_t count) {
  Words state[4];
  for (std::size_t word = 0; word < 4; ++word) {
    for (std::size_t i = 0; i < kMd5Lanes; ++i) state[word][i] = lanes[i].state[word];
  }
  for (; count > 0; --count) {
    Words block[16];
    Transpose(lanes, 0, block);
    Transpose(lanes, sizeof(Words), block + 8);
    Words a = state[0];
    Words b = state[1];
    Words c = state[2];
    Words d = state[3];
    AllSteps(a, b, c, d, block);
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    for (Md5Lane& lane : lanes) lane.blocks += kMd5Block;
  }
  for (std::size_t word = 0; word < 4; ++word) {
    for (std::size_t i = 0; i < kMd5Lanes; ++i) lanes[i].state[word] = state[word][i];
  }
}

#ifdef __x86_64__
[[gnu::target("avx2")]] void HashBlocksByAvx2(std::array<Md5Lane, kMd5Lanes>& lanes,
                                              std::size_t count) {
  HashBlocks(lanes, count);
}

bool HasAvx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#else
bool HasAvx2() { return false; }
#endif

}  // namespace

std::size_t Md5LanesWorthwhile() {
  constexpr std::size_t kByAvx2 = 3;    // it is as fast with 2.1
  constexpr std::size_t kByOthers = 6;  // with 4.8 by SSE2
  return HasAvx2() ? kByAvx2 : kByOthers;
}

void HashMd5Blocks(std::array<Md5Lane, kMd5Lanes>& lanes, std::size_t count) {
#ifdef __x86_64__
  if (HasAvx2()) return HashBlocksByAvx2(lanes, count);
#endif
  HashBlocks(lanes, count);
}

}  // namespace mkv
