// A TLS connection for saying exactly what no HTTP client would, and for looking at how the server
// speaks TLS.
//
//   TlsClient client(port, {.authority = authority.file()});
//   ASSERT_TRUE(client.Handshake()) << client.error();
//   client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
//   EXPECT_TRUE(client.ReadResponse().starts_with("HTTP/1.1 200 "));
#ifndef TESTS_SUPPORT_TLS_CLIENT_H_
#define TESTS_SUPPORT_TLS_CLIENT_H_

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/raw_connection.h"

namespace mkv::testing {

struct TlsClientOptions {
  std::filesystem::path authority = {};
  int version = 0;                          // TLS1_2_VERSION: that one alone; 0: any
  std::vector<std::string> protocols = {};  // to offer by ALPN
  bool byte_by_byte = false;                // each byte sent to the server by itself
};

class TlsClient : public RawConnection {
 public:
  // Connects; the handshake comes later.
  TlsClient(std::uint16_t port, const TlsClientOptions& options);

  bool Handshake();
  const std::string& error() const { return error_; }

  std::string version() const { return SSL_get_version(tls_.get()); }
  std::string protocol() const;     // chosen by ALPN
  std::string server_name() const;  // the common name of its certificate
  // The server has said that nothing more comes.
  bool notified() const { return (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  // Says so to the server; what it sends can still be read.
  void SendCloseNotify() { SSL_shutdown(tls_.get()); }

 protected:
  ssize_t SendSome(std::string_view bytes) override;
  ssize_t ReceiveSome(std::span<char> buffer) override;
  bool HasPending() const override { return SSL_pending(tls_.get()) > 0; }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  std::string error_;
};

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_TLS_CLIENT_H_
