#include "mkvcore/volumes/blob_source.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <future>
#include <memory>

#include "mkvcore/volumes/replica_writer.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/volumes/generated_source.h"
#include "tests/volumes/misbehaving_server.h"
#include "tests/volumes/resident_memory.h"
#include "tests/volumes/test_volume.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;
using testing::MisbehavingServer;
using testing::TestVolume;
using testing::ValueOf;

constexpr char kSourcePath[] = "/aa/bb/x";

class BlobSourceTest : public ::testing::Test {
 protected:
  static VolumeOptions Options() {
    VolumeOptions options;
    options.timeouts.stall = 1s;
    return options;
  }
  ReplicaWriteResult Copy(Source& source) {
    ReplicaWriteRequest request;
    request.candidates = {{to_.name(), kSourcePath}, {to_too_.name(), kSourcePath}};
    request.wanted = 2;
    return WriteReplicas(client_, source, request);
  }

  VolumeHealth health_;
  VolumeClient client_{Options(), health_};
  TestVolume from_, to_, to_too_;
};

TEST_F(BlobSourceTest, ReplicaIsCopiedFromVolumeToVolumes) {
  for (const std::uint64_t size : {0, 1, 300'000, 30'000'000}) {
    const std::string value = ValueOf(size);
    from_.Store(kSourcePath, value);
    BlobSource source(client_, {from_.name(), kSourcePath});
    EXPECT_EQ(source.size(), size);
    EXPECT_TRUE(source.last_modified());
    const auto result = Copy(source);
    ASSERT_TRUE(result.digest);
    EXPECT_EQ(result.digest->crc32c, Crc32c(value));
    EXPECT_TRUE(to_.File(kSourcePath) == value);
    EXPECT_TRUE(to_too_.File(kSourcePath) == value);
  }
}

TEST_F(BlobSourceTest, SmallBufferGetsEveryByte) {
  const std::string value = ValueOf(400'000);
  from_.Store(kSourcePath, value);
  BlobSource source(client_, {from_.name(), kSourcePath});
  std::string got;
  std::array<char, 1000> buffer;
  for (auto chunk = source.Read(buffer); chunk.state != Source::State::kEnd;
       chunk = source.Read(buffer)) {
    if (chunk.state == Source::State::kData) got.append(buffer.data(), chunk.bytes);
  }
  EXPECT_TRUE(got == value);
  EXPECT_EQ(source.Read(buffer).state, Source::State::kEnd);
}

TEST_F(BlobSourceTest, ReadsNoFurtherThanItIsAsked) {
  if (!testing::kMemoryIsOurs) GTEST_SKIP();
  from_.Store(kSourcePath, std::string(100'000'000, 'x'));
  { BlobSource warm_up(client_, {from_.name(), kSourcePath}); }
  const std::uint64_t before = testing::ResidentBytes();
  BlobSource source(client_, {from_.name(), kSourcePath});
  std::array<char, 10'000> buffer;
  for (int i = 0; i < 1000; ++i) source.Read(buffer);
  EXPECT_LT(testing::ResidentBytes(), before + (4 << 20));
}

TEST_F(BlobSourceTest, MissingBlobCanNotBeOpened) {
  EXPECT_THROW(BlobSource(client_, {from_.name(), kSourcePath}), SourceError);
  EXPECT_FALSE(health_.IsDown(from_.name()));
}

// What is missing is known before the page that says so is here.
TEST_F(BlobSourceTest, VolumeThatSaysThatTheBlobIsMissingIsUp) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 150\r\n\r\n<html>");
    connection.AwaitClose();
  });
  EXPECT_THROW(BlobSource(client_, {server.name(), kSourcePath}), SourceError);
  EXPECT_FALSE(health_.IsDown(server.name()));
}

TEST_F(BlobSourceTest, OtherBytesThanWereAskedForAreNotCopied) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/40\r\n"
        "Content-Length: 5\r\n\r\n01234");
    connection.AwaitClose();
  });
  EXPECT_THROW(BlobSource(client_, {server.name(), kSourcePath}, "3-7"), SourceError);
}

TEST_F(BlobSourceTest, DeadAndPausedVolumesCanNotBeOpened) {
  from_.Store(kSourcePath, "hello");
  from_.Pause();
  EXPECT_THROW(BlobSource(client_, {from_.name(), kSourcePath}), SourceError);
  EXPECT_TRUE(health_.IsDown(from_.name()));
  from_.Kill();
  EXPECT_THROW(BlobSource(client_, {from_.name(), kSourcePath}), SourceError);
}

TEST_F(BlobSourceTest, BlobThatEndsEarlyIsCopiedNowhere) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + ValueOf(999'999));
  });
  BlobSource source(client_, {server.name(), kSourcePath});
  EXPECT_THROW(Copy(source), SourceError);
  EXPECT_TRUE(health_.IsDown(server.name()));
  EXPECT_FALSE(to_.File(kSourcePath));
  EXPECT_FALSE(to_too_.File(kSourcePath));
}

// Or each piece that has to be waited for would take the second after which sources are asked
// again.
TEST_F(BlobSourceTest, WhatComesLaterCanBePolledFor) {
  std::promise<void> later;
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
    later.get_future().wait();
    connection.Send("later");
    connection.AwaitClose();
  });
  BlobSource source(client_, {server.name(), kSourcePath});
  std::array<char, 100> buffer;
  const auto poll_source = [&](std::chrono::milliseconds patience) {
    pollfd ready{source.poll_fd(), source.poll_events(), 0};
    return poll(&ready, 1, static_cast<int>(patience.count()));
  };
  const auto await = [&] {
    Source::Chunk chunk = source.Read(buffer);
    while (chunk.state == Source::State::kWouldBlock && poll_source(60s) == 1) {
      chunk = source.Read(buffer);
    }
    return std::string(buffer.data(), chunk.bytes);
  };
  EXPECT_EQ(await(), "first");
  EXPECT_EQ(source.Read(buffer).state, Source::State::kWouldBlock);
  EXPECT_EQ(poll_source(0s), 0);
  later.set_value();
  EXPECT_EQ(await(), "later");
  EXPECT_EQ(source.Read(buffer).state, Source::State::kEnd);
}

TEST_F(BlobSourceTest, VolumeThatStopsSendingIsGivenUp) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello");
    connection.AwaitClose();
  });
  BlobSource source(client_, {server.name(), kSourcePath});
  EXPECT_THROW(Copy(source), SourceError);
}

TEST_F(BlobSourceTest, AbandonedSourceDoesNotSpoilTheSession) {
  from_.Store(kSourcePath, ValueOf(5'000'000));
  { BlobSource abandoned(client_, {from_.name(), kSourcePath}); }
  BlobSource source(client_, {from_.name(), kSourcePath});
  EXPECT_TRUE(Copy(source).digest);
}

}  // namespace
}  // namespace mkv
