#include "mkvcore/volumes/local_sockets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/descriptor.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

Descriptor ListenOn(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 0) != 0) {
    throw std::runtime_error("can not listen on " + path);
  }
  return listener;
}

class LocalSocketsTest : public ::testing::Test {
 protected:
  const TempFolder folder_;
  const std::string path_ = folder_.path().string() + "/host:3001.sock";
  LocalSockets sockets_{folder_.path().string()};
};

TEST_F(LocalSocketsTest, OfAVolumeThatListens) {
  const Descriptor listener = ListenOn(path_);
  EXPECT_EQ(sockets_.PathFor("host:3001"), path_);
  EXPECT_EQ(sockets_.PathFor("host:3002"), "");
  EXPECT_EQ(sockets_.PathFor("other:3001"), "");
  EXPECT_EQ(LocalSockets("").PathFor("host:3001"), "");
}

TEST_F(LocalSocketsTest, ThatIsNotQuickerThanItsQueue) {
  const Descriptor listener = ListenOn(path_);
  // A queue of 0 takes one, and nobody takes it out.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(LocalSockets(folder_.path().string()).PathFor("host:3001"), path_) << i;
  }
}

TEST_F(LocalSocketsTest, OneThatNobodyListensOnIsNone) {
  { const Descriptor listener = ListenOn(path_); }
  ASSERT_TRUE(std::filesystem::is_socket(path_));
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
}

TEST_F(LocalSocketsTest, AreLookedForAgainAfterAWhile) {
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
  {
    const Descriptor listener = ListenOn(path_);
    std::this_thread::sleep_for(LocalSockets::kRemembered);
    EXPECT_EQ(sockets_.PathFor("host:3001"), path_);
  }
  EXPECT_EQ(sockets_.PathFor("host:3001"), path_) << "as it was found";
  std::this_thread::sleep_for(LocalSockets::kRemembered);
  EXPECT_EQ(sockets_.PathFor("host:3001"), "");
}

TEST_F(LocalSocketsTest, ANameThatIsTooLongIsNone) {
  EXPECT_EQ(sockets_.PathFor(std::string(LocalSockets::kMaxPathBytes, 'h')), "");
}

}  // namespace
}  // namespace mkv::testing
