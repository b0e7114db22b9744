#include "tests/support/tls_client.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

namespace mkv::testing {
namespace {

// Hands what OpenSSL writes to the socket on byte by byte.
int WriteByBytes(BIO* bio, const char* data, int size) {
  int sent = 0;
  while (sent < size) {
    const int written = BIO_write(BIO_next(bio), data + sent, 1);
    if (written != 1) return sent > 0 ? sent : written;
    ++sent;
  }
  return sent;
}

BIO* ByteByByte() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_FILTER | BIO_get_new_index(), "byte by byte");
    BIO_meth_set_write(made, &WriteByBytes);
    BIO_meth_set_read(
        made, [](BIO* bio, char* data, int size) { return BIO_read(BIO_next(bio), data, size); });
    BIO_meth_set_ctrl(made, [](BIO* bio, int command, long number, void* pointer) {
      return BIO_ctrl(BIO_next(bio), command, number, pointer);
    });
    return made;
  }();
  BIO* const bio = BIO_new(method);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

TlsClient::TlsClient(std::uint16_t port, const TlsClientOptions& options)
    : RawConnection(port),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      tls_(nullptr, &SSL_free) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes as to a file
  SSL_CTX* const context = context_.get();
  if (SSL_CTX_load_verify_file(context, options.authority.c_str()) != 1) {
    throw std::runtime_error("no authority in " + options.authority.string());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // What the client is willing to speak must not be what the test finds.
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, options.version);
  SSL_CTX_set_max_proto_version(context, options.version);
  std::string protocols;
  for (const std::string& name : options.protocols) {
    protocols += static_cast<char>(name.size());
    protocols += name;
  }
  if (!protocols.empty()) {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
  }
  tls_.reset(SSL_new(context));
  BIO* bio = BIO_new_socket(fd(), BIO_NOCLOSE);
  if (options.byte_by_byte) bio = BIO_push(ByteByByte(), bio);
  SSL_set_bio(tls_.get(), bio, bio);
}

bool TlsClient::Handshake() {
  ERR_clear_error();
  if (SSL_connect(tls_.get()) == 1) return true;
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  error_ = reason == nullptr ? "the connection was closed" : reason;
  return false;
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(tls_.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

std::string TlsClient::server_name() const {
  X509* const certificate = SSL_get0_peer_certificate(tls_.get());
  if (certificate == nullptr) return "";
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

ssize_t TlsClient::SendSome(std::string_view bytes) {
  ERR_clear_error();
  const int sent = SSL_write(tls_.get(), bytes.data(),
                             static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
  if (sent > 0) return sent;
  errno = EPIPE;
  return -1;
}

ssize_t TlsClient::ReceiveSome(std::span<char> buffer) {
  ERR_clear_error();
  const int received = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
  return received > 0 ? received : 0;
}

}  // namespace mkv::testing
