#include "mkvcore/http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <new>
#include <utility>

#include "mkvcore/secrets/private_file.h"

namespace mkv::http {
namespace {

// For TLS 1.2 (1.3 has nothing worse): forward secrecy, and no ciphers that padding oracles like.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
// As ALPN has it on the wire: each name after its length.
constexpr std::array<unsigned char, 9> kProtocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// What OpenSSL says went wrong, and forgets.
std::string Reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  std::string text = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
  return text;
}

// Instead of OpenSSL's own, which asks on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* length,
                   const unsigned char* offered, unsigned offered_length, void*) {
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, length, kProtocols.data(), kProtocols.size(),
                                           offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

void TlsFree::operator()(ssl_st* connection) const { SSL_free(connection); }

TlsCertificate::TlsCertificate(std::string certificate, std::string key)
    : certificate_(std::move(certificate)), key_(std::move(key)), context_(Load()) {}

void TlsCertificate::Reload() {
  std::shared_ptr<ssl_ctx_st> context = Load();
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
}

TlsConnection TlsCertificate::Accept(int fd) const {
  std::shared_ptr<ssl_ctx_st> context;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
  }
  TlsConnection connection(SSL_new(context.get()));  // keeps the context
  if (connection == nullptr || SSL_set_fd(connection.get(), fd) != 1) throw std::bad_alloc();
  SSL_set_accept_state(connection.get());
  return connection;
}

std::shared_ptr<ssl_ctx_st> TlsCertificate::Load() const {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Records go out as the socket takes them; what is left may have moved by then; and an idle
  // connection gives its 34 KB of buffers back.
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(raw, kCiphers) != 1) {
    throw TlsError("OpenSSL has no TLS 1.2: " + Reason());
  }
  SSL_CTX_set_alpn_select_cb(raw, &ChooseProtocol, nullptr);
  SSL_CTX_set_default_passwd_cb(raw, &NoPassphrase);

  if (SSL_CTX_use_certificate_chain_file(raw, certificate_.c_str()) != 1) {
    throw TlsError(certificate_ + ": is no readable PEM certificate: " + Reason());
  }
  std::string pem;
  try {
    pem = ReadPrivateFile(key_);
  } catch (const PrivateFileError& error) {
    throw TlsError(error.what());
  }
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) throw std::bad_alloc();
  const std::unique_ptr<EVP_PKEY, KeyFree> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  OPENSSL_cleanse(pem.data(), pem.size());
  if (key == nullptr) {
    throw TlsError(key_ + ": is no PEM key without a passphrase: " + Reason());
  }
  if (SSL_CTX_use_PrivateKey(raw, key.get()) != 1 || SSL_CTX_check_private_key(raw) != 1) {
    throw TlsError(key_ + ": is not the key of " + certificate_ + ": " + Reason());
  }
  return context;
}

}  // namespace mkv::http
