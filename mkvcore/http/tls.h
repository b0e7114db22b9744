// TLS on the server's port: the certificate it shows, and the connections that speak it.
//
// OpenSSL is used directly: Poco's SecureStreamSocket can not take over an accepted socket without
// blocking in its handshake, and wants the same buffer again after a partial write.
//
// The rules: TLS 1.2 and 1.3; with 1.2 only ephemeral key exchange and AEAD ciphers; no
// renegotiation, no compression; ALPN offers http/1.1 alone.
#ifndef MKVCORE_HTTP_TLS_H_
#define MKVCORE_HTTP_TLS_H_

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace mkv::http {

// The message is for people, and names the file.
class TlsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct TlsFree {
  void operator()(ssl_st* connection) const;
};
using TlsConnection = std::unique_ptr<ssl_st, TlsFree>;

// The certificate and its key, from two PEM files: the certificate with its chain, and the key
// without a passphrase, readable by its owner alone (private_file.h). Thread-safe.
class TlsCertificate {
 public:
  // Throws TlsError.
  TlsCertificate(std::string certificate, std::string key);

  // Reads both files again: connections from now on are shown the new one, those that are open keep
  // theirs. Throws TlsError, and then all stays as it was.
  void Reload();

  // The server's side of a connection over the socket, its handshake not begun. Throws
  // std::bad_alloc.
  TlsConnection Accept(int fd) const;

 private:
  std::shared_ptr<ssl_ctx_st> Load() const;

  const std::string certificate_;
  const std::string key_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_TLS_H_
