#include "mkvcore/volumes/local_sockets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/descriptor.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;

class LocalSocketsTest : public ::testing::Test {
 protected:
  static void Make(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("can not make the socket " + path);
    }
  }

  const TempFolder folder_;
  const std::string path_ = folder_.path().string() + "/host:3001.sock";
  LocalSockets sockets_{folder_.path().string()};
};

TEST_F(LocalSocketsTest, AreFoundByTheVolumesName) {
  Make(path_);
  EXPECT_EQ(sockets_.PathFor("host:3001"), path_);
  EXPECT_EQ(sockets_.PathFor("host:3002"), "");
  EXPECT_EQ(sockets_.PathFor("other:3001"), "");
  EXPECT_EQ(LocalSockets("").PathFor("host:3001"), "");
  EXPECT_EQ(LocalSockets("/no/such/folder").PathFor("host:3001"), "");
}

TEST_F(LocalSocketsTest, AFileIsNone) {
  std::ofstream{path_} << "a file";
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
}

TEST_F(LocalSocketsTest, ANameThatIsTooLongIsNone) {
  EXPECT_EQ(sockets_.PathFor(std::string(LocalSockets::kMaxPathBytes, 'h')), "");
}

TEST_F(LocalSocketsTest, NoneInAFolderThatEverybodyMayWriteTo) {
  Make(path_);
  fs::permissions(folder_.path(), fs::perms(0777));
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
  EXPECT_FALSE(LocalSockets::MayBeTrusted(folder_.path().string()));
  fs::permissions(folder_.path(), fs::perms(0775));
  EXPECT_TRUE(LocalSockets::MayBeTrusted(folder_.path().string()));
  EXPECT_TRUE(LocalSockets::MayBeTrusted("/no/such/folder"));
}

TEST_F(LocalSocketsTest, AreLookedForAgainAfterAWhile) {
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
  Make(path_);
  std::this_thread::sleep_for(LocalSockets::kRemembered);
  EXPECT_EQ(sockets_.PathFor("host:3001"), path_);
  sockets_.NobodyListens(path_);
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
  std::this_thread::sleep_for(LocalSockets::kRemembered);
  EXPECT_EQ(sockets_.PathFor("host:3001"), path_);
  fs::remove(path_);
  std::this_thread::sleep_for(LocalSockets::kRemembered);
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
}

}  // namespace
}  // namespace mkv::testing
