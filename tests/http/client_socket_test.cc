// The socket of a client, by itself.
#include "mkvcore/http/client_socket.h"

#include <Poco/Net/ServerSocket.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "mkvcore/http/tls.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_client.h"

namespace mkv::http {
namespace {

// TLS says good-bye before a socket is closed. After that its number may be anybody's.
TEST(ClientSocketTest, WritesNothingOnceItIsClosed) {
  std::signal(SIGPIPE, SIG_IGN);
  const testing::TempFolder folder;
  const testing::TestAuthority authority(folder.path());
  const auto issued = authority.Issue("server");
  const TlsCertificate certificate(issued.certificate, issued.key);
  Poco::Net::ServerSocket listener(Poco::Net::SocketAddress("127.0.0.1", 0));
  for (const bool reset : {true, false}) {
    testing::TlsClient client(listener.address().port(), {.authority = authority.file()});
    Poco::Net::StreamSocket accepted = listener.acceptConnection();
    accepted.setBlocking(false);
    const int number = accepted.impl()->sockfd();
    ClientSocket socket(accepted, certificate.Accept(number));
    std::jthread handshake([&client] { EXPECT_TRUE(client.Handshake()) << client.error(); });
    while (socket.Handshake() == ClientSocket::Handshaken::kWaiting) std::this_thread::yield();
    handshake.join();

    reset ? socket.Reset() : socket.Close();
    accepted = Poco::Net::StreamSocket();
    std::array<int, 2> others{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, others.data()), 0);
    const int other = others[0] == number ? others[0] : dup2(others[0], number);
    ASSERT_EQ(other, number);
    socket.Close();
    std::array<char, 64> seen{};
    EXPECT_LT(read(others[1], seen.data(), seen.size()), 0) << (reset ? "after a reset" : "twice");
    close(others[1]);
    if (others[0] != number) close(others[0]);
    close(number);
  }
}

}  // namespace
}  // namespace mkv::http
