#include "s3api/multipart/machine_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace mkv::s3 {
namespace {

namespace fs = std::filesystem;

class MachineMemoryTest : public ::testing::Test {
 protected:
  void Write(const std::string& file, const std::string& text) {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << text;
  }
  // Of a machine with 1 MB.
  std::uint64_t Found() { return MachineMemory(folder_.path(), 1'024'000); }

  mkv::testing::TempFolder folder_;
};

TEST_F(MachineMemoryTest, IsTheMachinesWithoutALimit) {
  EXPECT_EQ(Found(), 1'024'000U);
  Write("proc/self/cgroup", "0::/a/b\n");
  Write("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(Found(), 1'024'000U);
}

TEST_F(MachineMemoryTest, IsTheLeastLimitOfTheGroupsAbove) {
  Write("proc/self/cgroup", "0::/a/b\n");
  Write("sys/fs/cgroup/a/b/memory.max", "500000\n");
  EXPECT_EQ(Found(), 500'000U);
  Write("sys/fs/cgroup/a/memory.max", "400000\n");
  EXPECT_EQ(Found(), 400'000U);
  Write("sys/fs/cgroup/memory.max", "300000\n");
  EXPECT_EQ(Found(), 300'000U) << "as in a container, whose own path is another";
}

TEST_F(MachineMemoryTest, KnowsVersionOne) {
  Write("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/1\n0::/\n");
  Write("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "200000\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(Found(), 200'000U);
}

// As under systemd's ProcSubset=pid, which leaves no /proc/meminfo.
TEST_F(MachineMemoryTest, IsKnownWithoutProc) {
  const auto pages = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES));
  EXPECT_EQ(MachineMemory(folder_.path()),
            pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(MachineMemory(folder_.path(), 0), 0U) << "the kernel tells nothing";
}

TEST(MultipartMemory, IsAQuarterAndThreeAtMost) {
  EXPECT_EQ(MultipartMemory(std::nullopt, 4000), 1000U);
  EXPECT_EQ(MultipartMemory(2000, 4000), 2000U);
  EXPECT_EQ(MultipartMemory(4000, 4000), 3000U);
  EXPECT_EQ(MultipartMemory(4000, 0), 4000U) << "an unknown machine's is the administrator's word";
}

}  // namespace
}  // namespace mkv::s3
