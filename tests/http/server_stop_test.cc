// Stop(): requests under way finish, nothing new begins.
#include <gtest/gtest.h>

#include <chrono>
#include <system_error>
#include <thread>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using std::chrono::milliseconds;
using testing::RawConnection;

TEST(ServerStop, IdleConnectionsAreClosedAtOnce) {
  Serving serving;
  RawConnection fresh = serving.Connect();
  RawConnection used = serving.Connect();
  RawConnection partial = serving.Connect();
  used.Send(Request("GET", "/hello"));
  EXPECT_EQ(StatusOf(used.ReadResponse()), 200);
  partial.Send("GET / HT");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(serving.server.Stop());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_TRUE(fresh.AwaitClose());
  EXPECT_TRUE(used.AwaitClose());
  EXPECT_TRUE(partial.AwaitClose());
  EXPECT_THROW(serving.Connect(), std::system_error);
}

TEST(ServerStop, RequestsUnderWayFinishAndSeeThatTheServerStops) {
  Serving serving;
  RawConnection working = serving.Connect();
  working.Send(Request("GET", "/gate"));
  RawConnection collecting = serving.Connect();
  collecting.Send(Request("PUT", "/collect", "Content-Length: 3\r\n") + "ab");
  RawConnection waiting = serving.Connect();
  waiting.Send(Request("GET", "/later"));
  serving.handler.gate.AwaitArrivals(1);
  std::thread opener([&] {
    std::this_thread::sleep_for(milliseconds(100));
    collecting.Send("c");
    serving.handler.gate.Open();
  });
  EXPECT_TRUE(serving.server.Stop());
  opener.join();
  EXPECT_TRUE(serving.handler.saw_stopping);
  const std::string response = working.ReadToEnd();
  EXPECT_EQ(BodyOf(response), "passed");
  EXPECT_EQ(HeaderOf(response, "Connection"), "close");
  EXPECT_EQ(BodyOf(collecting.ReadToEnd()), "3 held");
  EXPECT_EQ(BodyOf(waiting.ReadToEnd()), "later");
}

TEST(ServerStop, WhatDoesNotFinishInTimeIsCutOff) {
  ServerOptions options;
  options.stop_timeout = milliseconds(100);
  Serving serving(options);
  RawConnection streaming = serving.Connect();
  streaming.Send(Request("PUT", "/echo", "Content-Length: 5000000\r\n") + "abc");
  streaming.ReadUntil("abc");
  RawConnection deaf = serving.Connect();
  deaf.Send(Request("GET", "/stream"));
  RawConnection collecting = serving.Connect();
  collecting.Send(Request("PUT", "/collect", "Content-Length: 3\r\n") + "ab");
  std::this_thread::sleep_for(milliseconds(50));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(serving.server.Stop());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_TRUE(streaming.AwaitClose());
  EXPECT_TRUE(deaf.AwaitClose());
  EXPECT_TRUE(collecting.AwaitClose());
}

TEST(ServerStop, WhatGoesOnWithoutItsClientIsToldWhenToEnd) {
  ServerOptions options;
  options.stop_timeout = milliseconds(200);
  Serving serving(options);
  RawConnection gone = serving.Connect();
  gone.Send(Request("GET", "/until-broken-off"));
  serving.handler.gate.AwaitArrivals(1);
  serving.handler.gate.Open();
  gone.Close();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(serving.server.Stop());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(200)) << "it had its time";
}

TEST(ServerStop, WhatHadArrivedWhenTheServerWasStoppedIsAnswered) {
  class LoopBlocker final : public Handler {
   public:
    void OnRequest(std::shared_ptr<Exchange> exchange) override {
      gate.Wait();
      exchange->Reply(Response{});
    }
    Response ServerError(int, const std::string&, const RequestHead*) override { return {}; }
    Gate gate;
  };
  LoopBlocker handler;
  ServerOptions options = Serving::Quick({});
  options.loops = 1;
  Server server(options, handler);
  server.Start();
  RawConnection known(server.port());
  RawConnection blocking(server.port());
  blocking.Send(Request("GET", "/"));
  handler.gate.AwaitArrivals(1);
  // The loop is busy: one request waits in a socket, the other on a connection not yet accepted.
  known.Send(Request("GET", "/"));
  RawConnection unknown(server.port());
  unknown.Send(Request("GET", "/"));
  std::thread opener([&] {
    std::this_thread::sleep_for(milliseconds(200));
    handler.gate.Open();
  });
  EXPECT_TRUE(server.Stop());
  opener.join();
  for (RawConnection* const connection : {&blocking, &known, &unknown}) {
    EXPECT_EQ(StatusOf(connection->ReadToEnd()), 200);
  }
}

TEST(ServerStop, AnExchangeMayOutliveItsServer) {
  class Keeper final : public Handler {
   public:
    void OnRequest(std::shared_ptr<Exchange> exchange) override {
      kept = std::move(exchange);
      gate.Open();
    }
    Response ServerError(int, const std::string&, const RequestHead*) override { return {}; }
    std::shared_ptr<Exchange> kept;
    Gate gate;
  };
  Keeper handler;
  {
    ServerOptions options = Serving::Quick({});
    options.stop_timeout = milliseconds(10);
    Server server(options, handler);
    server.Start();
    RawConnection connection(server.port());
    connection.Send(Request("GET", "/"));
    handler.gate.Wait();
    EXPECT_FALSE(server.Stop());
  }
  handler.kept->Reply(Response{});
  handler.kept.reset();
}

TEST(ServerStop, StoppingUnderLoadLosesNoAnswer) {
  Serving serving;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&serving, i] {
      try {
        RawConnection connection = serving.Connect();
        for (;;) {
          if (!connection.Send(Request("GET", i % 2 == 0 ? "/hello" : "/worker"))) return;
          const std::string response = connection.ReadResponse();
          // Closed between requests, or answered whole.
          if (response.empty()) return;
          EXPECT_EQ(StatusOf(response), 200);
          EXPECT_EQ(std::to_string(BodyOf(response).size()),
                    HeaderOf(response, "Content-Length").value_or(""));
        }
      } catch (const std::system_error&) {
        // Stopped before this one connected.
      }
    });
  }
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_TRUE(serving.server.Stop());
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace mkv::http
