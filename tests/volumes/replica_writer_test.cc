#include "mkvcore/volumes/replica_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "mkvcore/volumes/background_hasher.h"
#include "mkvcore/volumes/memory_source.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/volumes/generated_source.h"
#include "tests/volumes/misbehaving_server.h"
#include "tests/volumes/resident_memory.h"
#include "tests/volumes/test_volume.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;
using testing::GeneratedSource;
using testing::MisbehavingServer;
using testing::TestVolume;
using testing::ValueOf;
using Length = testing::GeneratedSource::Length;
using Delivery = VolumeAnswer::Delivery;

constexpr char kPath[] = "/5d/41/aGVsbG8=";
constexpr std::uint64_t kMiB = 1 << 20;

VolumeOptions ShortTimeouts() {
  VolumeOptions options;
  options.timeouts.stall = 1s;
  options.timeouts.answer = 1s;
  return options;
}

// A port on which nobody listens: that of a volume that is gone.
std::string Nobody() {
  TestVolume volume;
  return volume.name();
}

class ReplicaWriterTest : public ::testing::Test {
 protected:
  ReplicaWriteRequest To(std::vector<std::string> volumes, std::size_t wanted,
                         const std::string& path = kPath) {
    ReplicaWriteRequest request;
    for (std::string& volume : volumes) request.candidates.push_back({std::move(volume), path});
    request.wanted = wanted;
    return request;
  }

  VolumeHealth health_;
  VolumeClient client_{ShortTimeouts(), health_};
};

struct Value {
  std::uint64_t size;
  enum { kKnown, kUnknown, kHeld } kind;

  std::string Name() const {
    static constexpr const char* kKinds[] = {"OfKnownSize", "OfUnknownSize", "Held"};
    return std::to_string(size) + "Bytes" + kKinds[kind];
  }
};

class ReplicasOfEverySize : public ReplicaWriterTest,
                            public ::testing::WithParamInterface<Value> {};

TEST_P(ReplicasOfEverySize, AreIdenticalAndRightlyDigested) {
  TestVolume a, b, c;
  const auto [size, kind] = GetParam();
  const std::string value = ValueOf(size);
  std::unique_ptr<Source> source;
  if (kind == Value::kHeld) {
    source = std::make_unique<MemorySource>(value);
  } else {
    source = std::make_unique<GeneratedSource>(
        size, kind == Value::kKnown ? Length::kKnown : Length::kUnknown);
  }

  const auto result = WriteReplicas(client_, *source, To({a.name(), b.local_name(), c.name()}, 3));

  ASSERT_TRUE(result.digest);
  EXPECT_EQ(result.digest->size, size);
  EXPECT_EQ(result.digest->crc32c, Crc32c(value));
  ValueHasher hasher(true);
  hasher.Update(value);
  EXPECT_EQ(result.digest->md5, hasher.TakeMd5());
  ASSERT_EQ(result.attempts.size(), 3u);
  for (const auto& attempt : result.attempts) EXPECT_TRUE(attempt.answer.ok());
  // Not EXPECT_EQ, which would print megabytes.
  for (const TestVolume* volume : {&a, &b, &c}) EXPECT_TRUE(volume->File(kPath) == value);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, ReplicasOfEverySize,
    ::testing::Values(Value{0, Value::kKnown}, Value{1, Value::kKnown}, Value{2, Value::kKnown},
                      Value{kMiB - 1, Value::kKnown}, Value{kMiB, Value::kKnown},
                      Value{kMiB + 1, Value::kKnown}, Value{40 * kMiB, Value::kKnown},
                      Value{0, Value::kUnknown}, Value{1, Value::kUnknown},
                      Value{kMiB - 1, Value::kUnknown}, Value{kMiB, Value::kUnknown},
                      Value{kMiB + 1, Value::kUnknown}, Value{40 * kMiB, Value::kUnknown},
                      Value{0, Value::kHeld}, Value{1, Value::kHeld}, Value{kMiB, Value::kHeld},
                      Value{10 * kMiB, Value::kHeld}),
    [](const ::testing::TestParamInfo<Value>& value) { return value.param.Name(); });

// As a socket gives: whatever has come.
class PiecemealSource : public GeneratedSource {
 public:
  using GeneratedSource::GeneratedSource;
  Chunk Read(std::span<char> buffer) override {
    return GeneratedSource::Read(buffer.first(std::min(buffer.size(), 1 + random_() % 20'000)));
  }

 private:
  std::minstd_rand random_{1};
};

// Then the ring waits for the hashing, of which nothing wakes it up but the hashing: a second is
// lost each time it is forgotten, a hundred times here.
TEST_F(ReplicaWriterTest, HashingThatIsBehindHoldsUpNothingForASecond) {
  const TestVolume volume;
  std::vector<std::jthread> others;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back([this](const std::stop_token& stop) {
      const std::string bytes(kMiB, 'x');
      BackgroundHasher hasher(client_.hashing_threads(), /*md5=*/true);
      while (!stop.stop_requested()) {
        hasher.Update(bytes);
        (void)hasher.Finish();
      }
    });
  }
  PiecemealSource source(64 * kMiB, Length::kKnown);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(WriteReplicas(client_, source, To({volume.name()}, 1)).digest);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
}

TEST_F(ReplicaWriterTest, Md5IsLeftOutWhenNotAskedFor) {
  TestVolume a;
  MemorySource source("x");
  auto request = To({a.name()}, 1);
  request.md5 = false;
  const auto result = WriteReplicas(client_, source, request);
  ASSERT_TRUE(result.digest);
  EXPECT_FALSE(result.digest->md5);
}

// A source whose bytes come when they come: a pipe that another thread fills.
class PipeSource : public Source {
 public:
  explicit PipeSource(int fd) : fd_(fd) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Chunk Read(std::span<char> buffer) override {
    ++reads_;
    const ssize_t bytes = ::read(fd_, buffer.data(), buffer.size());
    if (bytes == 0) return {State::kEnd};
    if (bytes < 0) return {State::kWouldBlock};
    return {State::kData, static_cast<std::size_t>(bytes)};
  }
  int poll_fd() const override { return fd_; }
  short poll_events() const override { return 1; }  // POLLIN
  int reads() const { return reads_; }

 private:
  int fd_;
  int reads_ = 0;
};

TEST_F(ReplicaWriterTest, SlowSourceIsWaitedForWithoutSpinning) {
  TestVolume a, b;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  std::thread client([&] {
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(100ms);
      EXPECT_EQ(::write(ends[1], "drop", 4), 4);
    }
    std::this_thread::sleep_for(100ms);
    ::close(ends[1]);
  });
  PipeSource source(ends[0]);
  const auto result = WriteReplicas(client_, source, To({a.name(), b.name()}, 2));
  client.join();
  ::close(ends[0]);
  ASSERT_TRUE(result.digest);
  EXPECT_EQ(a.File(kPath), "dropdropdropdropdrop");
  EXPECT_LT(source.reads(), 50);
}

TEST_F(ReplicaWriterTest, SourceThatThrowsInTheMiddleLeavesNoFile) {
  TestVolume a, b, c;
  for (const Length length : {Length::kKnown, Length::kUnknown}) {
    GeneratedSource source(8 * kMiB, length);
    source.set_before_read([](std::uint64_t read) {
      if (read >= 4 * kMiB) throw std::domain_error("client gone");
    });
    EXPECT_THROW(WriteReplicas(client_, source, To({a.name(), b.name(), c.name()}, 3)),
                 std::domain_error);
    for (const TestVolume* volume : {&a, &b, &c}) EXPECT_TRUE(volume->BecomesEmpty());
  }
  EXPECT_TRUE(health_.AcceptsWrites(a.name()));
}

TEST_F(ReplicaWriterTest, SourceThatThrowsAtTheVeryEndLeavesNoFile) {
  TestVolume a, b, c;
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, kMiB, 3 * kMiB + 1}) {
    for (const Length length : {Length::kKnown, Length::kUnknown}) {
      GeneratedSource source(size, length);
      source.set_before_read([&](std::uint64_t read) {
        if (read < size) return;
        // Give the volumes the time to store what they should not have.
        std::this_thread::sleep_for(50ms);
        throw std::domain_error("wrong signature");
      });
      EXPECT_THROW(WriteReplicas(client_, source, To({a.name(), b.name(), c.name()}, 3)),
                   std::domain_error);
      for (const TestVolume* volume : {&a, &b, &c}) {
        EXPECT_TRUE(volume->BecomesEmpty()) << size;
        EXPECT_FALSE(volume->File(kPath));
      }
    }
  }
}

TEST_F(ReplicaWriterTest, SourceOfAnotherLengthThanAnnouncedIsAnError) {
  TestVolume a;
  for (const std::uint64_t announced : {std::uint64_t{0}, kMiB - 1, kMiB + 1, 9 * kMiB}) {
    GeneratedSource source(kMiB, Length::kKnown);
    source.set_announced(announced);
    EXPECT_THROW(WriteReplicas(client_, source, To({a.name()}, 1)), SourceError) << announced;
    EXPECT_TRUE(a.BecomesEmpty());
  }
}

TEST_F(ReplicaWriterTest, VolumeThatIsDownIsReplacedBeforeTheFirstByteIsRead) {
  TestVolume a, b, spare;
  const std::string nobody = Nobody();
  GeneratedSource source(2 * kMiB, Length::kKnown);
  auto request = To({a.name(), nobody, b.name(), spare.name()}, 3);
  std::vector<std::string> events;
  request.before_extra = [&](const BlobLocation& blob) { events.push_back(blob.volume); };
  request.before_read = [&] { events.emplace_back("read"); };
  source.set_before_read([&](std::uint64_t) { EXPECT_EQ(events.size(), 2u); });

  const auto result = WriteReplicas(client_, source, request);

  ASSERT_TRUE(result.digest);
  EXPECT_THAT(events, ::testing::ElementsAre(spare.name(), "read"));
  ASSERT_EQ(result.attempts.size(), 4u);
  EXPECT_EQ(result.attempts[1].blob.volume, nobody);
  EXPECT_EQ(result.attempts[1].answer.delivery, Delivery::kNeverSent);
  EXPECT_TRUE(result.attempts[3].answer.ok());
  EXPECT_TRUE(health_.IsDown(nobody));
  EXPECT_TRUE(spare.File(kPath) == ValueOf(2 * kMiB));
}

TEST_F(ReplicaWriterTest, TooFewVolumesAliveReadNothing) {
  TestVolume a;
  GeneratedSource source(2 * kMiB, Length::kKnown);
  auto request = To({a.name(), Nobody(), Nobody()}, 2);
  request.before_read = [] { ADD_FAILURE() << "the client was told to go on"; };
  const auto result = WriteReplicas(client_, source, request);
  EXPECT_FALSE(result.digest);
  EXPECT_EQ(source.bytes_read(), 0u);
  ASSERT_EQ(result.attempts.size(), 3u);
  EXPECT_EQ(result.attempts[0].answer.delivery, Delivery::kUnanswered);
  EXPECT_FALSE(health_.IsDown(a.name()));
  EXPECT_TRUE(a.BecomesEmpty());
}

TEST_F(ReplicaWriterTest, FewerCandidatesThanReplicasAreRefused) {
  MemorySource source("x");
  EXPECT_THROW(WriteReplicas(client_, source, To({"127.0.0.1:1"}, 2)), std::invalid_argument);
}

TEST_F(ReplicaWriterTest, VolumeKilledInTheMiddleEndsTheWrite) {
  TestVolume a, b, c, spare;
  GeneratedSource source(200 * kMiB, Length::kKnown);
  bool killed = false;
  source.set_before_read([&](std::uint64_t read) {
    if (read < 8 * kMiB || killed) return;
    killed = true;
    b.Kill();
  });
  const auto result =
      WriteReplicas(client_, source, To({a.name(), b.name(), c.name(), spare.name()}, 3));
  EXPECT_FALSE(result.digest);
  EXPECT_LT(source.bytes_read(), 100 * kMiB);
  ASSERT_EQ(result.attempts.size(), 3u);
  for (const auto& attempt : result.attempts) {
    EXPECT_EQ(attempt.answer.delivery, Delivery::kUnanswered);
  }
  EXPECT_TRUE(health_.IsDown(b.name()));
  EXPECT_FALSE(health_.IsDown(a.name()));
  EXPECT_TRUE(a.BecomesEmpty());
  EXPECT_TRUE(c.BecomesEmpty());
}

TEST_F(ReplicaWriterTest, VolumePausedInTheMiddleTimesOut) {
  TestVolume a, b;
  GeneratedSource source(200 * kMiB, Length::kKnown);
  bool paused = false;
  source.set_before_read([&](std::uint64_t read) {
    if (read < 8 * kMiB || paused) return;
    paused = true;
    b.Pause();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto result = WriteReplicas(client_, source, To({a.name(), b.name()}, 2));
  EXPECT_FALSE(result.digest);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(result.attempts[1].answer.delivery, Delivery::kUnanswered);
  EXPECT_TRUE(health_.IsDown(b.name()));
  EXPECT_TRUE(a.BecomesEmpty());
  b.Resume();
  EXPECT_TRUE(b.BecomesEmpty());
}

TEST_F(ReplicaWriterTest, HeldValueGoesElsewhereWhenAVolumeIsPaused) {
  TestVolume a, b, spare;
  b.Pause();
  MemorySource source(ValueOf(5000));
  const auto result = WriteReplicas(client_, source, To({a.name(), b.name(), spare.name()}, 2));
  ASSERT_TRUE(result.digest);
  EXPECT_EQ(result.attempts[1].answer.delivery, Delivery::kUnanswered);
  EXPECT_TRUE(spare.File(kPath) == ValueOf(5000));
  b.Resume();
}

// It may answer all else, as one does of whose processes one waits for a disk.
TEST_F(ReplicaWriterTest, VolumeThatLetsAPutRunOutOfTimeIsPassedOverThoughItIsUp) {
  TestVolume a, b, spare;
  b.Pause();
  MemorySource source("value");
  EXPECT_TRUE(WriteReplicas(client_, source, To({a.name(), b.name(), spare.name()}, 2)).digest);
  b.Resume();
  const std::vector<BlobLocation> root = {{b.name(), "/"}};
  ASSERT_TRUE(client_.Head(root).front().ok());
  EXPECT_FALSE(health_.IsDown(b.name()));
  EXPECT_FALSE(health_.AcceptsWrites(b.name()));
  EXPECT_TRUE(health_.AcceptsWrites(a.name()));
}

TEST_F(ReplicaWriterTest, VolumeWhoseTransferOnlyEndedIsNotPassedOver) {
  TestVolume a, b;
  GeneratedSource source(10 * kMiB, Length::kKnown);
  source.set_before_read([&](std::uint64_t read) {
    if (read > 5 * kMiB && b.running()) b.Kill();
  });
  EXPECT_FALSE(WriteReplicas(client_, source, To({a.name(), b.name()}, 2)).digest);
  b.Start();
  for (const std::string& volume : {a.name(), b.name()}) {
    const std::vector<BlobLocation> root = {{volume, "/"}};
    ASSERT_TRUE(client_.Head(root).front().ok());
    EXPECT_TRUE(health_.AcceptsWrites(volume)) << "broken off, or dead";
  }
}

TEST_F(ReplicaWriterTest, StreamThatStillLiesInTheRingGoesElsewhere) {
  TestVolume a, b, spare;
  GeneratedSource source(kMiB / 2, Length::kKnown);
  bool killed = false;
  source.set_before_read([&](std::uint64_t read) {
    if (read == 0 || killed) return;
    killed = true;
    b.Kill();
  });
  const auto result = WriteReplicas(client_, source, To({a.name(), b.name(), spare.name()}, 2));
  ASSERT_TRUE(result.digest);
  EXPECT_TRUE(a.File(kPath) == ValueOf(kMiB / 2));
  EXPECT_TRUE(spare.File(kPath) == ValueOf(kMiB / 2));
}

// A volume on a disk of 1 MB.
class FullDiskTest : public ReplicaWriterTest {
 protected:
  void SetUp() override {
    const std::filesystem::path disk = folder_.path() / "disk";
    std::filesystem::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
      GTEST_SKIP() << "needs the right to mount a small disk";
    }
    mounted_ = true;
    full_.emplace(testing::NginxVolumeOptions{.folder = disk, .subvolumes = 1});
  }
  void TearDown() override {
    full_.reset();
    if (mounted_) ::umount2((folder_.path() / "disk").c_str(), MNT_DETACH);
  }

  testing::TempFolder folder_;
  bool mounted_ = false;
  std::optional<testing::NginxVolume> full_;
};

TEST_F(FullDiskTest, HeldValueGoesElsewhere) {
  TestVolume a, spare;
  const std::string value = ValueOf(3 * kMiB);
  MemorySource source(value);
  const auto result =
      WriteReplicas(client_, source, To({a.name(), full_->name(), spare.name()}, 2));
  ASSERT_TRUE(result.digest);
  EXPECT_EQ(result.attempts[1].answer.delivery, Delivery::kAnswered);
  EXPECT_GE(result.attempts[1].answer.status, 500);
  EXPECT_FALSE(health_.AcceptsWrites(full_->name()));
  EXPECT_FALSE(health_.IsDown(full_->name()));
  EXPECT_TRUE(health_.AcceptsWrites(spare.name()));
  EXPECT_TRUE(spare.File(kPath) == value);
}

TEST_F(FullDiskTest, StreamFailsPromptly) {
  TestVolume a;
  GeneratedSource source(200 * kMiB, Length::kKnown);
  const auto result = WriteReplicas(client_, source, To({a.name(), full_->name()}, 2));
  EXPECT_FALSE(result.digest);
  EXPECT_LT(source.bytes_read(), 50 * kMiB);
  EXPECT_EQ(result.attempts[1].answer.delivery, Delivery::kAnswered);
  EXPECT_GE(result.attempts[1].answer.status, 500);
  EXPECT_FALSE(health_.AcceptsWrites(full_->name()));
  EXPECT_TRUE(a.BecomesEmpty());
}

TEST_F(ReplicaWriterTest, RestartedVolumeDoesNotFailTheNextHeldWrite) {
  TestVolume a, b;
  for (int round = 0; round < 3; ++round) {
    MemorySource source("round " + std::to_string(round));
    const auto result = WriteReplicas(client_, source, To({a.name(), b.name()}, 2));
    ASSERT_TRUE(result.digest);
    EXPECT_EQ(result.attempts.size(), 2u);
    EXPECT_EQ(b.File(kPath), "round " + std::to_string(round));
    b.Kill();
    b.Start();
  }
}

// What the restart above meets only by chance: the request is sent, and then the connection dies.
TEST_F(ReplicaWriterTest, HeldValueIsSentAgainWhenAnIdleConnectionDiesUnderIt) {
  for (const std::size_t size : {std::size_t{100}, std::size_t{8} << 20}) {
    MisbehavingServer server([&](MisbehavingServer::Connection& connection, int number) {
      connection.ReadHead();
      connection.ReadBody(size);
      connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
      if (number > 0) return connection.AwaitClose();
      connection.ReadHead();
      connection.ReadBody(size / 2);
      connection.Reset();
    });
    MemorySource first(ValueOf(size));
    ASSERT_TRUE(WriteReplicas(client_, first, To({server.name()}, 1)).digest);
    MemorySource second(ValueOf(size));
    const auto result = WriteReplicas(client_, second, To({server.name()}, 1));
    EXPECT_TRUE(result.digest) << result.attempts.at(0).answer.error;
    ASSERT_EQ(result.attempts.size(), 1u);
    EXPECT_TRUE(result.attempts[0].answer.may_land_again) << "it may have received the first";
    EXPECT_EQ(server.connections(), 2);
  }
}

// The volume has the value, and may store it at any time: a second try would be two late requests.
TEST_F(ReplicaWriterTest, HeldValueIsNotSentAgainAfterADeadline) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.ReadBody(1);
    connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    connection.AwaitClose();  // never answers the next one
  });
  MemorySource first("x");
  ASSERT_TRUE(WriteReplicas(client_, first, To({server.name()}, 1)).digest);
  MemorySource second("y");
  const auto result = WriteReplicas(client_, second, To({server.name()}, 1));
  EXPECT_FALSE(result.digest);
  ASSERT_EQ(result.attempts.size(), 1u);
  EXPECT_EQ(result.attempts[0].answer.delivery, Delivery::kUnanswered);
  EXPECT_EQ(server.connections(), 1);
}

// Whatever became of the second try, the first may have left a file.
TEST_F(ReplicaWriterTest, FirstTryThatMayHaveBeenReceivedCountsAsUnanswered) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int number) {
    connection.ReadHead();
    connection.ReadBody(1);
    if (number > 0) {
      connection.Send("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
      return connection.AwaitClose();
    }
    connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    connection.ReadHead();
    connection.ReadBody(1);
    connection.Reset();
  });
  MemorySource first("x");
  ASSERT_TRUE(WriteReplicas(client_, first, To({server.name()}, 1)).digest);
  MemorySource second("y");
  const auto result = WriteReplicas(client_, second, To({server.name()}, 1));
  EXPECT_FALSE(result.digest);
  EXPECT_EQ(server.connections(), 2);
  ASSERT_EQ(result.attempts.size(), 1u);
  EXPECT_EQ(result.attempts[0].answer.delivery, Delivery::kUnanswered);
  EXPECT_FALSE(health_.IsDown(server.name())) << "it did answer";
}

TEST_F(ReplicaWriterTest, StreamTakesNoIdleConnection) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    while (!connection.ReadHead().empty()) {
      connection.ReadBody(2 * kMiB);
      connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    }
  });
  for (int i = 0; i < 3; ++i) {
    GeneratedSource source(2 * kMiB, Length::kKnown);
    EXPECT_TRUE(WriteReplicas(client_, source, To({server.name()}, 1)).digest);
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(ReplicaWriterTest, EarlyRefusalIsNoticedWhileTheSourceIsSilent) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.ReadBody(40 << 10);
    connection.Send("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
    connection.AwaitClose();
  });
  TestVolume a;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  const std::string bytes(50 << 10, 'x');
  ASSERT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  PipeSource source(ends[0]);  // never ends
  const auto begin = std::chrono::steady_clock::now();
  const auto result = WriteReplicas(client_, source, To({a.name(), server.name()}, 2));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_FALSE(result.digest);
  EXPECT_EQ(result.attempts[1].answer.status, 507);
  EXPECT_EQ(result.attempts[1].answer.delivery, Delivery::kAnswered);
}

TEST_F(ReplicaWriterTest, AnswerThatIsNoAnswerToAPutDoesNotCount) {
  for (const char* status :
       {"200 OK", "202 Accepted", "301 Moved\r\nLocation: http://127.0.0.1:1/"}) {
    MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
      connection.ReadHead();
      connection.ReadBody(1);
      connection.Send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
    });
    MemorySource source("x");
    const auto result = WriteReplicas(client_, source, To({server.name()}, 1));
    EXPECT_FALSE(result.digest) << status;
    EXPECT_FALSE(result.attempts[0].answer.ok()) << status;
    EXPECT_EQ(server.connections(), 1) << status;
  }
}

TEST_F(ReplicaWriterTest, ProxyOfTheEnvironmentIsIgnored) {
  TestVolume a, b;
  const std::string nobody = "http://" + Nobody();
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, nobody.c_str(), 1);
  }
  MemorySource source("x");
  const auto result = WriteReplicas(client_, source, To({a.name(), b.local_name()}, 2));
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  EXPECT_TRUE(result.digest);
}

TEST_F(ReplicaWriterTest, KeyOfTheVolumesIsSent) {
  std::promise<std::string> received;
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
    received.set_value(connection.ReadHead());
    connection.ReadBody(1);
    connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  VolumeOptions options;
  options.key = "open-sesame";
  VolumeClient client(options, health_);
  MemorySource source("x");
  EXPECT_TRUE(WriteReplicas(client, source, To({server.name()}, 1)).digest);
  const std::string head = received.get_future().get();
  EXPECT_THAT(head, ::testing::HasSubstr("\r\nX-Mkv-Volume-Key: open-sesame\r\n"));
  EXPECT_THAT(head, ::testing::Not(::testing::HasSubstr("Expect")));
}

TEST_F(ReplicaWriterTest, FolderIsNeverWrittenTo) {
  MemorySource source("x");
  EXPECT_THROW(WriteReplicas(client_, source, To({"127.0.0.1:1"}, 1, "/5d/41/")),
               std::invalid_argument);
}

TEST_F(ReplicaWriterTest, MemoryDoesNotGrowWithTheValue) {
  if (!testing::kMemoryIsOurs) GTEST_SKIP();
  TestVolume a;
  // What the first stream of a process takes for good, libraries' code and threads' heaps among it,
  // is no part of what is measured.
  GeneratedSource first(8 * kMiB, Length::kKnown);
  ASSERT_TRUE(WriteReplicas(client_, first, To({a.name()}, 1)).digest);
  GeneratedSource source(1024 * kMiB, Length::kKnown);
  const std::uint64_t before = testing::ResidentBytes();
  std::uint64_t most = 0;
  source.set_before_read([&](std::uint64_t) { most = std::max(most, testing::ResidentBytes()); });
  const auto result = WriteReplicas(client_, source, To({a.name()}, 1, "/aa/bb/large"));
  ASSERT_TRUE(result.digest);
  EXPECT_LT(most, before + 4 * kMiB);
}

TEST_F(ReplicaWriterTest, SixteenThreadsWriteDifferentValues) {
  TestVolume a, b, c;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string path = "/5d/41/t" + std::to_string(t) + "i" + std::to_string(i);
        const std::uint64_t size = static_cast<std::uint64_t>(t) * 10'000 + 1;
        const auto request = To({a.name(), b.name(), c.name()}, 3, path);
        std::optional<ValueDigest> digest;
        if (i % 2 == 0) {
          MemorySource source(ValueOf(size));
          digest = WriteReplicas(client_, source, request).digest;
        } else {
          GeneratedSource source(size, Length::kKnown);
          digest = WriteReplicas(client_, source, request).digest;
        }
        ASSERT_TRUE(digest);
        EXPECT_EQ(digest->crc32c, Crc32c(ValueOf(size)));
        EXPECT_EQ(c.File(path)->size(), size);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mkv
