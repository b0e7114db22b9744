#include "mkvcore/volumes/loop_volume_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "mkvcore/volumes/volume_health.h"
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
 protected:
  LoopVolumeClientTest() {
    options_.timeouts.head = 500ms;
    heads_ = std::make_unique<LoopVolumeClient>(loop_, options_, health_);
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~LoopVolumeClientTest() override {
    OnLoop([this] { heads_.reset(); });
    loop_.Stop();
    thread_.join();
  }

  void OnLoop(const std::function<void()>& task) {
    std::promise<void> done;
    loop_.Post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::future<VolumeAnswer> Head(const std::string& volume, const std::string& path = "/aa/bb/x") {
    auto promise = std::make_shared<std::promise<VolumeAnswer>>();
    auto future = promise->get_future();
    loop_.Post([this, promise, blob = BlobLocation{volume, path}] {
      heads_->Head(blob, [promise](VolumeAnswer answer) { promise->set_value(answer); });
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
    heads_->Head({volume.name(), "/aa/bb/y"}, [&](VolumeAnswer) {
      heads_->Head({volume.name(), "/aa/bb/x"},
                   [&](VolumeAnswer answer) { done.set_value(answer.status); });
    });
  });
  EXPECT_EQ(done.get_future().get(), 200);
}

TEST_F(LoopVolumeClientTest, ManyAtOnceAreAllAnswered) {
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

TEST_F(LoopVolumeClientTest, WhatIsUnderWayIsDroppedWithTheClient) {
  TestVolume paused, other;
  paused.Pause();
  std::promise<void> destroyed;
  OnLoop([&] {
    heads_->Head({paused.name(), "/aa/bb/x"}, [](VolumeAnswer) { ADD_FAILURE(); });
    heads_->Head({other.name(), "/aa/bb/x"}, [&](VolumeAnswer) {
      heads_.reset();
      destroyed.set_value();
    });
  });
  destroyed.get_future().wait();
  std::this_thread::sleep_for(700ms);
  OnLoop([] {});
  paused.Resume();
}

}  // namespace
}  // namespace mkv
