#include "s3api/multipart/machine_memory.h"

#include <gtest/gtest.h>

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
  std::uint64_t Found() { return MachineMemory(folder_.path()); }

  mkv::testing::TempFolder folder_;
};

TEST_F(MachineMemoryTest, IsTheMachinesWithoutALimit) {
  EXPECT_EQ(Found(), 0U) << "nothing is told";
  Write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:  10 kB\n");
  EXPECT_EQ(Found(), 1'024'000U);
  Write("proc/self/cgroup", "0::/a/b\n");
  Write("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(Found(), 1'024'000U);
}

TEST_F(MachineMemoryTest, IsTheLeastLimitOfTheGroupsAbove) {
  Write("proc/meminfo", "MemTotal:       1000 kB\n");
  Write("proc/self/cgroup", "0::/a/b\n");
  Write("sys/fs/cgroup/a/b/memory.max", "500000\n");
  EXPECT_EQ(Found(), 500'000U);
  Write("sys/fs/cgroup/a/memory.max", "400000\n");
  EXPECT_EQ(Found(), 400'000U);
  Write("sys/fs/cgroup/memory.max", "300000\n");
  EXPECT_EQ(Found(), 300'000U) << "as in a container, whose own path is another";
}

TEST_F(MachineMemoryTest, KnowsVersionOne) {
  Write("proc/meminfo", "MemTotal:       1000 kB\n");
  Write("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/1\n0::/\n");
  Write("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "200000\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(Found(), 200'000U);
}

TEST(MultipartMemory, IsAQuarterAndThreeAtMost) {
  EXPECT_EQ(MultipartMemory(std::nullopt, 4000), 1000U);
  EXPECT_EQ(MultipartMemory(2000, 4000), 2000U);
  EXPECT_EQ(MultipartMemory(4000, 4000), 3000U);
  EXPECT_EQ(MultipartMemory(4000, 0), 4000U) << "an unknown machine's is the administrator's word";
}

}  // namespace
}  // namespace mkv::s3
