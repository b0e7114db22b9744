#include "mkvcore/store/reads_under_way.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace mkv {
namespace {

TEST(ReadsUnderWay, AWriteOvertakesEveryReadOfItsKeyAndNoOther) {
  ReadsUnderWay reads;
  const ReadsUnderWay::Read first(reads, "/key");
  const ReadsUnderWay::Read second(reads, "/key");
  const ReadsUnderWay::Read other(reads, "/other");
  EXPECT_FALSE(first.overtaken());
  reads.Overtake("/key");
  EXPECT_TRUE(first.overtaken());
  EXPECT_TRUE(second.overtaken());
  EXPECT_FALSE(other.overtaken());
}

TEST(ReadsUnderWay, AReadThatBeginsAfterTheWriteIsNotOvertaken) {
  ReadsUnderWay reads;
  std::optional<ReadsUnderWay::Read> before;
  before.emplace(reads, "/key");
  reads.Overtake("/key");
  const ReadsUnderWay::Read after(reads, "/key");
  EXPECT_FALSE(after.overtaken());
  before.reset();
  EXPECT_FALSE(after.overtaken());
  reads.Overtake("/key");
  EXPECT_TRUE(after.overtaken()) << "another one that ended must not have taken it along";
}

TEST(ReadsUnderWay, ReadsComeAndGoBesideWrites) {
  ReadsUnderWay reads;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) reads.Overtake("/key");
  });
  const auto read_until_overtaken = [&reads] {
    for (int i = 0; i < 100; ++i) {
      const ReadsUnderWay::Read read(reads, "/key");
      while (!read.overtaken()) std::this_thread::yield();
    }
  };
  std::thread reader(read_until_overtaken);
  read_until_overtaken();
  reader.join();
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace mkv
