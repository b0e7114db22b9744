// MD5 and CRC32C of a value as its bytes pass.
//
// CRC32C is the Castagnoli CRC (RFC 3720, appendix B.4), by ISA-L; MD5 by OpenSSL. Not thread-safe.
#ifndef MKVCORE_VOLUMES_VALUE_HASHER_H_
#define MKVCORE_VOLUMES_VALUE_HASHER_H_

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace mkv {

// The CRC32C of some bytes followed by `bytes`, given that of the first; 0 is the CRC of none.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

class ValueHasher {
 public:
  explicit ValueHasher(bool md5);

  void Update(std::string_view bytes);

  std::uint64_t size() const { return size_; }
  std::uint32_t crc32c() const { return crc32c_; }
  // Absent when not asked for. To be called once, at the end.
  std::optional<std::array<unsigned char, 16>> TakeMd5();

 private:
  struct ContextFree {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::uint64_t size_ = 0;
  std::uint32_t crc32c_ = 0;
  std::unique_ptr<EVP_MD_CTX, ContextFree> md5_;  // null: not asked for
};

}  // namespace mkv

#endif  // MKVCORE_VOLUMES_VALUE_HASHER_H_
