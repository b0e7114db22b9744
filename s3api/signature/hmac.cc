#include "s3api/signature/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace mkv::s3 {
namespace {

struct Free {
  void operator()(EVP_MAC* algorithm) const { EVP_MAC_free(algorithm); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// HMAC() looks both algorithms up by name for every message, which takes twice as long as a message
// of the size that is signed here. A context that has been used before takes the next key.
class Hmac {
 public:
  explicit Hmac(std::string digest)
      : algorithm_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)),
        context_(algorithm_ ? EVP_MAC_CTX_new(algorithm_.get()) : nullptr) {
    const std::array<OSSL_PARAM, 2> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    Require(context_ != nullptr && EVP_MAC_CTX_set_params(context_.get(), parameters.data()) == 1);
  }

  std::string operator()(std::string_view key, std::string_view message) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
    std::size_t size = 0;
    // A null key would mean "the key of the last call".
    const char* key_bytes = key.empty() ? "" : key.data();
    Require(EVP_MAC_init(context_.get(), Bytes(key_bytes), key.size(), nullptr) == 1 &&
            EVP_MAC_update(context_.get(), Bytes(message.data()), message.size()) == 1 &&
            EVP_MAC_final(context_.get(), mac.data(), &size, mac.size()) == 1);
    return {reinterpret_cast<const char*>(mac.data()), size};
  }

 private:
  static void Require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL could not compute an HMAC");
  }
  static const unsigned char* Bytes(const char* text) {
    return reinterpret_cast<const unsigned char*>(text);
  }

  std::unique_ptr<EVP_MAC, Free> algorithm_;
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view message) {
  thread_local Hmac hmac("SHA256");
  return hmac(key, message);
}

std::string HmacSha1(std::string_view key, std::string_view message) {
  thread_local Hmac hmac("SHA1");
  return hmac(key, message);
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mkv::s3
