// Which replica a value is read from when reading breaks off.
#include "mkvcore/store/value_reader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/support/generated_value.h"
#include "tests/support/temp_folder.h"
#include "tests/volumes/misbehaving_server.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSize = 2 << 20;
constexpr std::size_t kPatience = 300'000;  // bytes, after which a volume breaks off
constexpr auto kHeldUp = 200ms;

// Of an answer with the bytes from there on.
std::string HeadOf(std::size_t from) {
  const std::string length = "Content-Length: " + std::to_string(kSize - from) + "\r\n\r\n";
  if (from == 0) return "HTTP/1.1 200 OK\r\n" + length;
  return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(from) + "-" +
         std::to_string(kSize - 1) + "/" + std::to_string(kSize) + "\r\n" + length;
}

// Has the value, and resets every connection before the end.
class ImpatientVolume {
 public:
  explicit ImpatientVolume(const std::string& value) : value_(value) {}
  std::string name() const { return server_.name(); }
  int connections() const { return server_.connections(); }

 private:
  void Serve(MisbehavingServer::Connection& connection) {
    const std::string head = connection.ReadHead();
    const std::string range = "bytes=";
    const std::size_t at = head.find(range);
    const std::size_t from = at == head.npos ? 0 : std::stoul(head.substr(at + range.size()));
    connection.Send(HeadOf(from) + value_.substr(from, kPatience));
    // What has been sent is to arrive: a reset can overtake it.
    std::this_thread::sleep_for(100ms);
    if (from + kPatience < kSize) connection.Reset();
  }

  const std::string& value_;
  MisbehavingServer server_{[this](auto& connection, int) { Serve(connection); }};
};

class ValueReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    object_.key = "/k";
    object_.record.volumes = volume_names_;
    object_.metadata.emplace();
    object_.metadata->set_size(kSize);
    object_.metadata->set_generation(1);
    object_.metadata->set_crc32c(Crc32c(value_));
  }
  static VolumeOptions Options() {
    VolumeOptions options;
    options.timeouts.held_up = kHeldUp;
    return options;
  }
  // With a sink that takes that time for the first piece of each connection: how many more pieces
  // there are is for the two kernels' buffers to say.
  std::string Read(std::chrono::milliseconds time_for_a_connection) {
    std::string read;
    int connections = 0;
    ValueReader reader(store_, object_, kSize);
    reader.Read(0, kSize, [&](std::string_view piece) {
      read += piece;
      if (first_.connections() == connections) return;
      connections = first_.connections();
      std::this_thread::sleep_for(time_for_a_connection);
    });
    return read;
  }

  // Whether a read tells that the replica on a volume is bad when that answers so. It gets the
  // value from another one.
  bool IsReportedBad(const std::string& answer) {
    MisbehavingServer says_so([&](auto& connection, int) {
      connection.ReadHead();
      connection.Send("HTTP/1.1 " + answer + "\r\n\r\n");
      connection.AwaitClose();
    });
    MisbehavingServer has_it([&](auto& connection, int) {
      connection.ReadHead();
      connection.Send(HeadOf(0) + value_);
      connection.AwaitClose();
    });
    object_.record.volumes = {says_so.name(), has_it.name()};
    ValueReader reader(store_, object_, kSize);
    std::string read;
    reader.Read(0, kSize, [&read](std::string_view piece) { read += piece; });
    EXPECT_TRUE(read == value_) << answer;
    return reader.bad_volumes() == std::vector<std::string>{says_so.name()};
  }

  const std::string value_ = GeneratedValue(3, kSize).Bytes();
  ImpatientVolume first_{value_};
  ImpatientVolume second_{value_};
  const std::vector<std::string> volume_names_ = {first_.name(), second_.name()};
  Object object_;
  TempFolder folder_;
  VolumeHealth health_;
  VolumeClient client_{Options(), health_};
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path() / "index");
  Store store_{*index_, client_, std::make_shared<const Placement>(volume_names_, 2, 1), {}};
};

TEST_F(ValueReaderTest, ASlowSinkUsesUpNoReplica) {
  EXPECT_TRUE(Read(kHeldUp) == value_);
  EXPECT_GE(first_.connections(), static_cast<int>(kSize / kPatience));
  EXPECT_EQ(second_.connections(), 0);
  EXPECT_FALSE(health_.IsDown(first_.name())) << "it was not the volume that was slow";
}

TEST_F(ValueReaderTest, AVolumeThatBreaksOffByItselfIsLeftForTheNext) {
  EXPECT_THROW(Read(0ms), ReadError) << "both break off";
  EXPECT_EQ(first_.connections(), 1);
  EXPECT_EQ(second_.connections(), 1);
  EXPECT_TRUE(health_.IsDown(first_.name()));
}

TEST_F(ValueReaderTest, WhatTellsOfTheReplicaHasItRepaired) {
  for (const char* const answer :
       {"404 Not Found\r\nContent-Length: 0", "416 Range Not Satisfiable\r\nContent-Length: 0",
        "200 OK\r\nContent-Length: 0"}) {
    EXPECT_TRUE(IsReportedBad(answer)) << answer;
  }
}

// Or a volume whose key was changed would lose a replica with each read.
TEST_F(ValueReaderTest, WhatTellsOfTheVolumeLeavesTheReplicaWhereItIs) {
  for (const char* const answer :
       {"401 Unauthorized\r\nContent-Length: 0", "403 Forbidden\r\nContent-Length: 0",
        "302 Found\r\nContent-Length: 0", "503 Service Unavailable\r\nContent-Length: 0"}) {
    EXPECT_FALSE(IsReportedBad(answer)) << answer;
  }
}

}  // namespace
}  // namespace mkv::testing
