#include "mkvcore/volumes/loop_volume_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "mkvcore/volumes/volume_health.h"
#include "tests/support/on_loop.h"
#include "tests/volumes/misbehaving_server.h"
#include "tests/volumes/test_volume.h"

namespace mkv {
namespace {

using namespace std::chrono_literals;
using testing::MisbehavingServer;
using testing::TestVolume;
using Clock = std::chrono::steady_clock;
using Delivery = VolumeAnswer::Delivery;

class LoopVolumeClientTest : public ::testing::Test {
 public:
  ~LoopVolumeClientTest() override {
    OnLoop([this] { heads_.reset(); });
    loop_.Stop();
    thread_.join();
  }

 protected:
  LoopVolumeClientTest() {
    options_.timeouts.head = 500ms;
    heads_ = std::make_unique<LoopVolumeClient>(loop_, options_, health_);
    thread_ = std::thread([this] { loop_.Run(); });
  }

  void OnLoop(const std::function<void()>& task) { testing::RunOnLoop(loop_, task); }
  std::future<VolumeAnswer> Head(const std::string& volume, const std::string& path = "/aa/bb/x") {
    auto promise = std::make_shared<std::promise<VolumeAnswer>>();
    auto future = promise->get_future();
    loop_.Post([this, promise, blob = BlobLocation{volume, path}] {
      heads_->Head(blob, [promise](const VolumeAnswer& answer) { promise->set_value(answer); });
    });
    return future;
  }

  std::future<VolumeAnswer> Put(const std::string& volume, const std::string& path,
                                const std::string& value) {
    auto promise = std::make_shared<std::promise<VolumeAnswer>>();
    auto future = promise->get_future();
    loop_.Post([this, promise, blob = BlobLocation{volume, path},
                held = std::make_shared<const std::string>(value)] {
      heads_->Put(blob, held,
                  [promise](const VolumeAnswer& answer) { promise->set_value(answer); });
    });
    return future;
  }

  VolumeOptions options_;
  VolumeHealth health_;
  EventLoop loop_;
  std::unique_ptr<LoopVolumeClient> heads_;
  std::thread thread_;
};

TEST_F(LoopVolumeClientTest, FindsABlob) {
  TestVolume volume;
  volume.Store("/aa/bb/x", "hello");
  for (const std::string& name : {volume.name(), volume.local_name()}) {
    const VolumeAnswer answer = Head(name).get();
    EXPECT_TRUE(answer.ok()) << answer.error;
    EXPECT_EQ(answer.content_length, 5u);
    EXPECT_TRUE(answer.last_modified);
    EXPECT_TRUE(health_.AnsweringSince(name));
  }
}

TEST_F(LoopVolumeClientTest, MissesABlob) {
  TestVolume volume;
  EXPECT_TRUE(Head(volume.name()).get().missing());
}

TEST_F(LoopVolumeClientTest, RefusedConnectionIsNeverSent) {
  TestVolume volume;
  volume.Kill();
  const VolumeAnswer answer = Head(volume.name()).get();
  EXPECT_EQ(answer.delivery, Delivery::kNeverSent);
  EXPECT_TRUE(health_.IsDown(volume.name()));
}

TEST_F(LoopVolumeClientTest, PausedVolumeTimesOutWhileOthersAreAsked) {
  TestVolume paused, other;
  other.Store("/aa/bb/x", "hello");
  paused.Pause();
  const auto begin = Clock::now();
  auto slow = Head(paused.name());
  int asked = 0;
  while (slow.wait_for(0ms) != std::future_status::ready) {
    EXPECT_TRUE(Head(other.name()).get().ok());
    ++asked;
  }
  const auto took = Clock::now() - begin;
  EXPECT_EQ(slow.get().delivery, Delivery::kUnanswered);
  EXPECT_GE(took, 450ms);
  EXPECT_LT(took, 5s);
  EXPECT_GT(asked, 20);
  EXPECT_TRUE(health_.IsDown(paused.name()));
  paused.Resume();
  EXPECT_TRUE(Head(paused.name()).get().missing());
  EXPECT_FALSE(health_.IsDown(paused.name()));
}

TEST_F(LoopVolumeClientTest, ConnectionsAreKept) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    while (!connection.ReadHead().empty()) {
      connection.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
  });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Head(server.name()).get().missing());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(LoopVolumeClientTest, RestartedVolumeIsAskedOverANewConnection) {
  TestVolume volume;
  volume.Store("/aa/bb/x", "hello");
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(Head(volume.name()).get().ok());
    volume.Kill();
    volume.Start();
  }
}

TEST_F(LoopVolumeClientTest, AnswerMayAskAgain) {
  TestVolume volume;
  volume.Store("/aa/bb/x", "hello");
  std::promise<int> done;
  OnLoop([&] {
    heads_->Head({volume.name(), "/aa/bb/y"}, [&](const VolumeAnswer&) {
      heads_->Head({volume.name(), "/aa/bb/x"},
                   [&](const VolumeAnswer& answer) { done.set_value(answer.status); });
    });
  });
  EXPECT_EQ(done.get_future().get(), 200);
}

TEST_F(LoopVolumeClientTest, ManyAtOnceAreAllAnswered) {
  // However long a busy machine takes for so many.
  OnLoop([this] {
    options_.timeouts.head = options_.timeouts.connect = 30s;
    heads_ = std::make_unique<LoopVolumeClient>(loop_, options_, health_);
  });
  TestVolume a, b;
  a.Store("/aa/bb/x", "hello");
  std::vector<std::future<VolumeAnswer>> found, missed;
  for (int i = 0; i < 200; ++i) {
    found.push_back(Head(a.name()));
    missed.push_back(Head(b.name()));
  }
  for (auto& answer : found) EXPECT_TRUE(answer.get().ok());
  for (auto& answer : missed) EXPECT_TRUE(answer.get().missing());
}

TEST_F(LoopVolumeClientTest, StoresAndReplacesBlobs) {
  TestVolume volume;
  for (const std::string& value :
       {std::string("hello"), std::string(300'000, 'x'), std::string()}) {
    const VolumeAnswer answer = Put(volume.name(), "/aa/bb/x", value).get();
    EXPECT_TRUE(answer.ok()) << answer.status << answer.error;
    EXPECT_EQ(volume.File("/aa/bb/x"), value);
  }
}

TEST_F(LoopVolumeClientTest, FolderIsNeverWrittenTo) {
  std::promise<void> refused;
  OnLoop([&] {
    EXPECT_THROW(heads_->Put({"127.0.0.1:1", "/aa/bb/"}, std::make_shared<const std::string>("x"),
                             [](const VolumeAnswer&) { ADD_FAILURE(); }),
                 std::invalid_argument);
  });
}

TEST_F(LoopVolumeClientTest, VolumeThatRefusesAPutIsPassedOver) {
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    while (!connection.ReadHead().empty()) {
      connection.ReadBody(5);
      connection.Send("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
    }
  });
  EXPECT_EQ(Put(server.name(), "/aa/bb/x", "hello").get().status, 507);
  EXPECT_FALSE(health_.AcceptsWrites(server.name()));
  EXPECT_FALSE(health_.IsDown(server.name()));
}

TEST_F(LoopVolumeClientTest, VolumeThatLetsAPutRunOutOfTimeIsPassedOverThoughItIsUp) {
  OnLoop([this] {
    options_.timeouts.connect = options_.timeouts.answer = 200ms;
    heads_ = std::make_unique<LoopVolumeClient>(loop_, options_, health_);
  });
  MisbehavingServer server([](MisbehavingServer::Connection& connection, int) {
    for (std::string head; !(head = connection.ReadHead()).empty();) {
      if (head.starts_with("PUT")) return connection.AwaitClose();
      connection.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const VolumeAnswer answer = Put(server.name(), "/aa/bb/x", "hello").get();
  EXPECT_EQ(answer.delivery, Delivery::kUnanswered);
  EXPECT_TRUE(answer.overdue);
  EXPECT_TRUE(health_.IsDown(server.name()));
  EXPECT_TRUE(Head(server.name()).get().missing());
  EXPECT_FALSE(health_.IsDown(server.name()));
  EXPECT_FALSE(health_.AcceptsWrites(server.name()));
}

TEST_F(LoopVolumeClientTest, PutOverAConnectionThatTheVolumeHasClosedIsSentAgain) {
  std::atomic<int> whole{0};
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int number) {
    // The first takes one request and then closes without an answer to the second.
    for (int request = 0;; ++request) {
      if (connection.ReadHead().empty()) return;
      if (number == 0 && request == 1) return connection.Reset();
      connection.ReadBody(5);
      ++whole;
      connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    }
  });
  EXPECT_FALSE(Put(server.name(), "/aa/bb/x", "hello").get().may_land_again);
  const VolumeAnswer again = Put(server.name(), "/aa/bb/y", "hello").get();
  EXPECT_TRUE(again.ok());
  EXPECT_TRUE(again.may_land_again) << "the volume may have received the first";
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(whole, 2);
}

// What was received first may still be carried out.
TEST_F(LoopVolumeClientTest, PutSentAgainAndThenRefusedCountsAsUnanswered) {
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int number) {
    for (int request = 0;; ++request) {
      if (connection.ReadHead().empty()) return;
      connection.ReadBody(5);
      if (number == 0 && request == 1) return connection.Reset();
      connection.Send(number == 0 ? "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
                                  : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
  });
  EXPECT_TRUE(Put(server.name(), "/aa/bb/x", "hello").get().ok());
  EXPECT_EQ(Put(server.name(), "/aa/bb/y", "hello").get().delivery, Delivery::kUnanswered);
}

TEST_F(LoopVolumeClientTest, PutOverANewConnectionThatDiesIsNotSentAgain) {
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.ReadBody(5);
    connection.Reset();
  });
  const VolumeAnswer answer = Put(server.name(), "/aa/bb/x", "hello").get();
  EXPECT_EQ(answer.delivery, Delivery::kUnanswered);
  EXPECT_FALSE(answer.overdue) << "it may well take the next one";
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(LoopVolumeClientTest, AnswerBeforeTheWholeValueStoresNothing) {
  std::promise<void> seen;
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    seen.get_future().wait();  // takes no byte of it
  });
  const std::string more_than_a_socket_takes(16 << 20, 'x');
  EXPECT_EQ(Put(server.name(), "/aa/bb/x", more_than_a_socket_takes).get().delivery,
            Delivery::kUnanswered);
  seen.set_value();
}

TEST_F(LoopVolumeClientTest, WhatIsNoHttpIsNoAnswer) {
  for (const char* const answer :
       {"SSH-2.0-OpenSSH\r\n", "HTTP/1.1 2x1 Created\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
      connection.ReadHead();
      connection.Send(answer);
      connection.AwaitClose();
    });
    EXPECT_EQ(Head(server.name()).get().delivery, Delivery::kUnanswered) << answer;
  }
}

TEST_F(LoopVolumeClientTest, AnswerThatIsFollowedByMoreEndsTheConnection) {
  MisbehavingServer server([&](MisbehavingServer::Connection& connection, int) {
    while (!connection.ReadHead().empty()) {
      connection.Send(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  EXPECT_TRUE(Head(server.name()).get().missing());
  EXPECT_TRUE(Head(server.name()).get().missing());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(LoopVolumeClientTest, WhatIsUnderWayIsDroppedWithTheClient) {
  TestVolume paused, other;
  paused.Pause();
  std::promise<void> destroyed;
  OnLoop([&] {
    heads_->Head({paused.name(), "/aa/bb/x"}, [](const VolumeAnswer&) { ADD_FAILURE(); });
    heads_->Head({other.name(), "/aa/bb/x"}, [&](const VolumeAnswer&) {
      heads_.reset();
      destroyed.set_value();
    });
  });
  destroyed.get_future().wait();
  std::this_thread::sleep_for(700ms);
  OnLoop([] {});
  paused.Resume();
}

// It must neither keep the loop for itself nor be read for ever.
TEST_F(LoopVolumeClientTest, ErrorWithoutEndIsBrokenOff) {
  std::string chunks;
  while (chunks.size() < (64 << 10)) chunks += "1\r\nx\r\n";
  MisbehavingServer server([&chunks](MisbehavingServer::Connection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 500 Error\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 2'000; ++i) connection.Send(chunks);
  });
  const VolumeAnswer answer = Put(server.name(), "/aa/bb/x", "value").get();
  EXPECT_EQ(answer.delivery, Delivery::kAnswered);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.error, "longer than 65536 bytes");
}

}  // namespace
}  // namespace mkv
