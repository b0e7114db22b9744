#include "s3api/checksum/crc_combine.h"

#include <limits>
#include <stdexcept>

#include "s3api/checksum/crc64nvme.h"

namespace mkv::s3 {
namespace {

constexpr std::uint32_t kCrc32Polynomial = 0xEDB88320;  // reflected, as all here
constexpr std::uint32_t kCrc32cPolynomial = 0x82F63B78;

// Polynomials over GF(2) in reflected order: the top bit is x^0.
template <typename Word>
constexpr Word kOne = Word{1} << (std::numeric_limits<Word>::digits - 1);

template <typename Word>
Word Multiply(Word a, Word b, Word modulus) {
  Word product = 0;
  for (Word bit = kOne<Word>; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? (b >> 1) ^ modulus : b >> 1;
  }
  return product;
}

// Appending B multiplies the CRC of A by x^(8 * length); the inversions before and after cancel out
// (as in zlib's crc32_combine).
template <typename Word>
Word Combine(Word crc_a, Word crc_b, std::uint64_t length_b, Word modulus) {
  Word power = kOne<Word> >> 8;
  Word shift = kOne<Word>;
  for (std::uint64_t bits = length_b; bits != 0; bits >>= 1) {
    if ((bits & 1) != 0) shift = Multiply(power, shift, modulus);
    power = Multiply(power, power, modulus);
  }
  return Multiply(shift, crc_a, modulus) ^ crc_b;
}

template <typename Word>
Word FromBigEndian(std::string_view bytes) {
  Word word = 0;
  for (const char c : bytes) word = static_cast<Word>(word << 8) | static_cast<unsigned char>(c);
  return word;
}

template <typename Word>
std::string CombineRaw(std::string_view crc_a, std::string_view crc_b, std::uint64_t length_b,
                       Word modulus) {
  const Word combined =
      Combine(FromBigEndian<Word>(crc_a), FromBigEndian<Word>(crc_b), length_b, modulus);
  std::string bytes;
  for (int shift = std::numeric_limits<Word>::digits - 8; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(combined >> shift & 0xff);
  }
  return bytes;
}

}  // namespace

std::string CombineCrc(ChecksumAlgorithm algorithm, std::string_view crc_a, std::string_view crc_b,
                       std::uint64_t length_b) {
  const std::size_t size = ValueSize(algorithm);
  if (crc_a.size() != size || crc_b.size() != size) {
    throw std::invalid_argument("a CRC of the wrong size");
  }
  switch (algorithm) {
    case ChecksumAlgorithm::kCrc32:
      return CombineRaw(crc_a, crc_b, length_b, kCrc32Polynomial);
    case ChecksumAlgorithm::kCrc32c:
      return CombineRaw(crc_a, crc_b, length_b, kCrc32cPolynomial);
    case ChecksumAlgorithm::kCrc64Nvme:
      return CombineRaw(crc_a, crc_b, length_b, kCrc64NvmePolynomial);
    case ChecksumAlgorithm::kSha1:
    case ChecksumAlgorithm::kSha256:
      break;
  }
  throw std::invalid_argument("only CRCs can be combined");
}

}  // namespace mkv::s3
