#include "s3api/checksum/digest.h"

#include <stdexcept>

#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {
namespace {

// EVP_sha256() and its like look the implementation up again on every use; fetching it once takes
// a lock and a search out of every signature.
const EVP_MD* Fetch(const char* name) {
  const EVP_MD* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  if (algorithm == nullptr) throw std::runtime_error(std::string("OpenSSL offers no ") + name);
  return algorithm;
}

const EVP_MD* Algorithm(Digest::Kind kind) {
  static const EVP_MD* const md5 = Fetch("MD5");
  static const EVP_MD* const sha1 = Fetch("SHA1");
  static const EVP_MD* const sha256 = Fetch("SHA256");
  switch (kind) {
    case Digest::Kind::kMd5:
      return md5;
    case Digest::Kind::kSha1:
      return sha1;
    case Digest::Kind::kSha256:
      break;
  }
  return sha256;
}

void Require(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL could not compute a digest");
}

}  // namespace

Digest::Digest(Kind kind) : algorithm_(Algorithm(kind)), context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  Require(EVP_DigestInit_ex2(context_.get(), algorithm_, nullptr));
}

void Digest::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Digest::Finish() {
  std::string digest(static_cast<std::size_t>(EVP_MD_get_size(algorithm_)), '\0');
  Require(
      EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr));
  Require(EVP_DigestInit_ex2(context_.get(), algorithm_, nullptr));
  return digest;
}

std::string Sha256Hex(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha256);
  digest.Update(bytes);
  return Hex(digest.Finish());
}

}  // namespace mkv::s3
