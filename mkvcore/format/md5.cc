#include "mkvcore/format/md5.h"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace mkv {
namespace {

struct Free {
  void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// OpenSSL 3 looks an algorithm up by name whenever it is not given a fetched one: that costs more
// than hashing a key. A context that was used before is reset without allocating.
class Hasher {
 public:
  Hasher() : algorithm_(EVP_MD_fetch(nullptr, "MD5", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!algorithm_ || !context_) throw std::runtime_error("OpenSSL offers no MD5");
  }

  Md5Digest operator()(std::string_view first, std::string_view second) {
    Md5Digest digest;
    if (EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), first.data(), first.size()) != 1 ||
        EVP_DigestUpdate(context_.get(), second.data(), second.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) {
      throw std::runtime_error("OpenSSL could not compute an MD5");
    }
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD, Free> algorithm_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

Md5Digest Md5(std::string_view first, std::string_view second) {
  thread_local Hasher hasher;
  return hasher(first, second);
}

}  // namespace mkv
