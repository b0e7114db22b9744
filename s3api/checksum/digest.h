// Cryptographic digests over bytes that arrive piece by piece (OpenSSL EVP).
//
// A Digest belongs to one thread; the functions are thread-safe. All throw std::runtime_error when
// OpenSSL refuses, which only a broken installation makes it do.
#ifndef S3API_CHECKSUM_DIGEST_H_
#define S3API_CHECKSUM_DIGEST_H_

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace mkv::s3 {

class Digest {
 public:
  enum class Kind { kMd5, kSha1, kSha256 };

  explicit Digest(Kind kind);

  void Update(std::string_view bytes);
  // The raw digest of everything so far; the digest then starts again from nothing.
  std::string Finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  const EVP_MD* algorithm_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// The SHA-256 of `bytes` in lower-case hex, as SigV4 spells it.
std::string Sha256Hex(std::string_view bytes);

}  // namespace mkv::s3

#endif  // S3API_CHECKSUM_DIGEST_H_
