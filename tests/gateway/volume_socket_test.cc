// Volumes with Unix sockets (SOCKET of volume/volume), and the gateway with -volumes-sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "mkvcore/volumes/local_sockets.h"
#include "tests/gateway/gateway_test.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_authority.h"

namespace mkv::testing {
namespace {

using ::testing::HasSubstr;
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

// It was in use; what comes next goes by TCP, until there is one again.
TEST_F(VolumeSocket, MayBeTakenAway) {
  Start({.sockets = true});
  EXPECT_EQ(cluster().Put("/key", "value").status, 201);
  for (std::size_t i = 0; i < cluster().volume_count(); ++i) {
    std::filesystem::remove(cluster().volume(i).socket());
    cluster().volume(i).KillWorkers();  // and with them their connections
  }
  std::this_thread::sleep_for(LocalSockets::kRemembered);
  EXPECT_EQ(cluster().Put("/another", "value").status, 201);
  EXPECT_EQ(cluster().Get("/another").body, "value");
  EXPECT_EQ(Connections(), 0);
}

}  // namespace
}  // namespace mkv::testing
