// MD5 and CRC32C of a value as its bytes pass.
//
// CRC32C is the Castagnoli CRC (RFC 3720, appendix B.4), by ISA-L. Not thread-safe.
#ifndef MKVCORE_VOLUMES_VALUE_HASHER_H_
#define MKVCORE_VOLUMES_VALUE_HASHER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "mkvcore/volumes/md5_stream.h"

namespace mkv {

// The CRC32C of some bytes followed by `bytes`, given that of the first; 0 is the CRC of none.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

class ValueHasher {
 public:
  static constexpr std::size_t kMostTogether = Md5Stream::kMostTogether;
  static std::size_t WorthwhileTogether() { return Md5Stream::WorthwhileTogether(); }
  struct Piece {
    ValueHasher* hasher;  // each only once
    std::string_view bytes;
  };

  explicit ValueHasher(bool md5);

  void Update(std::string_view bytes);
  // The same as an Update() of each; of WorthwhileTogether() and more for less. At most
  // kMostTogether.
  static void UpdateTogether(std::span<const Piece> pieces);

  std::uint64_t size() const { return size_; }
  std::uint32_t crc32c() const { return crc32c_; }
  // Absent when not asked for. To be called once, at the end.
  std::optional<std::array<unsigned char, 16>> TakeMd5();

 private:
  void UpdateWithoutMd5(std::string_view bytes);

  std::uint64_t size_ = 0;
  std::uint32_t crc32c_ = 0;
  std::optional<Md5Stream> md5_;  // when asked for
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VALUE_HASHER_H_
