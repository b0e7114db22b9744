// Volumes with Unix sockets (SOCKET of volume/volume), and the gateway with -volumes-sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/gateway/gateway_test.h"
#include "tests/support/descriptor.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kListening = " 00010000 ";  // the flags of a socket in /proc/net/unix

class VolumeSocket : public GatewayTest {
 protected:
  // To all of the volumes, not counting those that listen.
  int Connections() {
    int connections = 0;
    std::ifstream sockets("/proc/net/unix");
    for (std::string line; std::getline(sockets, line);) {
      connections += line.find(cluster().sockets().string()) != std::string::npos &&
                     line.find(kListening) == std::string::npos;
    }
    return connections;
  }

  // Those that no worker had accepted yet are the next one's: what the gateway asks by itself when
  // it starts may still be on its way.
  void BreakConnectionsOff() {
    do {
      for (std::size_t i = 0; i < cluster().volume_count(); ++i) cluster().volume(i).KillWorkers();
    } while (Connections() > 0);
  }

  // A socket that nobody listens on.
  static void BindOnly(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  void WriteReadAndDelete() {
    const std::string large(5'000'000, 'x');
    EXPECT_EQ(cluster().Put("/bucket/small", "value").status, 201);
    EXPECT_EQ(cluster().Put("/bucket/large", large).status, 201);
    EXPECT_EQ(cluster().Head("/bucket/small").status, 302);
    EXPECT_EQ(Do("GET", "/bucket/small?x-id=GetObject").body, "value");
    EXPECT_EQ(Do("GET", "/bucket/large?x-id=GetObject").body, large);
    EXPECT_EQ(cluster().Rebalance("/bucket/small").status, 204);
    EXPECT_GT(Connections(), 0);
    EXPECT_EQ(cluster().Delete("/bucket/small").status, 204);
    EXPECT_EQ(cluster().Delete("/bucket/large").status, 204);
    EXPECT_EQ(Do("GET", "/bucket/small?x-id=GetObject").status, 404);
  }
};

TEST_F(VolumeSocket, NeedsNeitherTcpNorTheVolumesAddress) {
  Start({.volume_host = "volume.invalid", .sockets = true});  // RFC 6761, 6.4: a name of nobody
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("3 of 3 volumes have a socket in "));
  WriteReadAndDelete();
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  EXPECT_THAT(cluster().Head("/key").Header("Location"), StartsWith("http://volume.invalid:"));
}

TEST_F(VolumeSocket, SpeaksTlsWhereThePortDoes) {
  const TempFolder folder;
  const TestAuthority authority(folder.path());
  const auto issued = authority.Issue("volume");
  Start({.volume_key = "0123456789abcdef-shared",
         .volume_certificate = issued.certificate,
         .volume_certificate_key = issued.key,
         .sockets = true,
         .arguments = {"-volumes-tls", "-volumes-ca", authority.file()}});
  WriteReadAndDelete();
}

TEST_F(VolumeSocket, OfAVolumeThatWasKilledIsNotInItsWay) {
  Start({.sockets = true});
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  NginxVolume& volume = cluster().volume(0);
  volume.Kill();
  ASSERT_TRUE(std::filesystem::is_socket(volume.socket())) << "left behind";
  EXPECT_EQ(cluster().Put("/another", "value").status, 500);
  volume.Start();
  EXPECT_EQ(cluster().Put("/third", "value").status, 201);
  EXPECT_EQ(Do("GET", "/key").status, 302);
}

// As one that a killed volume left behind: the port is there all the same.
TEST_F(VolumeSocket, ThatNobodyListensOnGoesUnnoticed) {
  Start({.sockets = true});
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) {
    NginxVolume& volume = cluster().volume(i);
    const std::filesystem::path away = cluster().folder() / "away.sock";
    std::filesystem::rename(volume.socket(), away);  // it still works there, for who knows it
    BindOnly(volume.socket());
  }
  BreakConnectionsOff();
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(cluster().Put("/another", "value").status, 201);
  EXPECT_EQ(cluster().Put("/large", large).status, 201);
  EXPECT_EQ(cluster().Get("/another").body, "value");
  EXPECT_EQ(cluster().Get("/large").body, large);
  EXPECT_EQ(cluster().Delete("/key").status, 204);
  EXPECT_EQ(Connections(), 0);
  EXPECT_THAT(cluster().gateway().Log(), Not(HasSubstr("onnect to")));  // as libcurl spells it
}

TEST_F(VolumeSocket, NeedNotBeThereYet) {
  Start({.arguments = {"-volumes-sockets", "/no/such/folder"}});
  EXPECT_THAT(cluster().gateway().Log(), HasSubstr("there is no folder /no/such/folder"));
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
}

TEST_F(VolumeSocket, MayBeTakenAway) {
  Start({.sockets = true});
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) {
    std::filesystem::remove(cluster().volume(i).socket());
  }
  BreakConnectionsOff();
  EXPECT_EQ(cluster().Put("/another", "value").status, 201);
  EXPECT_EQ(cluster().Get("/another").body, "value");
  EXPECT_EQ(Connections(), 0);
}

}  // namespace
}  // namespace mkv::testing
