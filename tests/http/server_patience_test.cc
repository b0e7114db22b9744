// Clients that are slow, idle, or many.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <thread>
#include <vector>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using std::chrono::milliseconds;
using testing::RawConnection;

// Every client is given far less than the tests' own patience.
ServerOptions Impatient() {
  ServerOptions options;
  options.head_timeout = milliseconds(200);
  options.idle_timeout = milliseconds(200);
  options.min_rate_window = milliseconds(200);
  options.min_rate = 10'000;
  options.drain_timeout = milliseconds(200);
  return options;
}

TEST(ServerPatience, AHeadThatDoesNotEndGets408) {
  const Serving serving(Impatient());
  for (const char* const begin : {"G", "\r", "GET / HTTP/1.1\r\nHost: x\r\n"}) {
    RawConnection connection = serving.Connect();
    connection.Send(begin);
    EXPECT_EQ(StatusOf(connection.ReadToEnd()), 408);
    EXPECT_TRUE(connection.closed());
  }
}

TEST(ServerPatience, AHeadThatComesByDribsGets408) {
  const Serving serving(Impatient());
  RawConnection connection = serving.Connect();
  connection.Send("GET / HTTP/1.1\r\nHost: x\r\n");
  std::string response;
  for (int i = 0; i < 200 && response.empty(); ++i) {
    connection.Send("A: b\r\n");
    response = connection.ReadUntil("\r\n\r\n", milliseconds(50));
  }
  EXPECT_EQ(StatusOf(response), 408);
}

TEST(ServerPatience, AnIdleConnectionIsClosedWithoutAWord) {
  const Serving serving(Impatient());
  RawConnection fresh = serving.Connect();
  EXPECT_EQ(fresh.ReadToEnd(), "");
  EXPECT_TRUE(fresh.closed());
  RawConnection used = serving.Connect();
  used.Send(Request("GET", "/hello"));
  EXPECT_EQ(StatusOf(used.ReadResponse()), 200);
  EXPECT_EQ(used.ReadToEnd(), "");
  EXPECT_TRUE(used.closed());
}

TEST(ServerPatience, AnEmptyLineIsNoBeginningOfAHead) {
  ServerOptions options = Impatient();
  options.idle_timeout = milliseconds(600);
  const Serving serving(options);
  RawConnection connection = serving.Connect();
  connection.Send("\r");
  std::this_thread::sleep_for(milliseconds(50));
  connection.Send("\n");
  EXPECT_EQ(connection.ReadToEnd(), "");
  EXPECT_TRUE(connection.closed());
}

TEST(ServerPatience, ABodyBelowTheMinimumRateGets408) {
  const Serving serving(Impatient());
  for (const std::string& request :
       {Request("PUT", "/collect", "Content-Length: 100000\r\n") + "abc",
        Request("PUT", "/collect", "Content-Length: 9000000\r\n") + "abc",
        Request("PUT", "/collect", "Transfer-Encoding: chunked\r\n") + "ffff\r\nabc"}) {
    RawConnection connection = serving.Connect();
    connection.Send(request);
    std::string response;
    for (int i = 0; i < 200 && response.empty(); ++i) {
      connection.Send("x");
      response = connection.ReadUntil("\r\n\r\n", milliseconds(20));
    }
    EXPECT_EQ(StatusOf(response), 408);
    EXPECT_TRUE(connection.AwaitClose());
  }
}

TEST(ServerPatience, AClientThatNeverReadsItsAnswerIsCutOff) {
  Serving serving(Impatient());
  RawConnection deaf = serving.Connect();
  deaf.Send(Request("GET", "/big"));
  pollfd reset{deaf.fd(), 0, 0};
  EXPECT_EQ(::poll(&reset, 1, 30'000), 1);
  EXPECT_NE(reset.revents & (POLLHUP | POLLERR), 0);
}

TEST(ServerPatience, NoFurtherRequestIsReadWhileTheClientDoesNotTakeItsAnswers) {
  Serving serving;
  serving.handler.big_bytes = 1 << 20;
  RawConnection connection = serving.Connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += Request("GET", "/big?" + std::to_string(i));
  connection.Send(requests);
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LT(std::stoi(serving.handler.last_head().query), 50);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(BodyOf(connection.ReadResponse()).size(), serving.handler.big_bytes);
  }
}

TEST(ServerPatience, AClientThatSendsAndNeverReadsIsHeldBackRatherThanBuffered) {
  Serving serving;
  serving.handler.big_bytes = 16 << 20;
  RawConnection connection = serving.Connect();
  connection.Send(Request("GET", "/big"));
  const timeval patience{0, 200'000};
  setsockopt(connection.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string requests;
  while (requests.size() < 1 << 20) requests += Request("GET", "/hello");
  int sent = 0;
  while (sent < 64 && connection.Send(requests)) ++sent;
  EXPECT_LT(sent, 64);
}

TEST(ServerPatience, SlowAndIdleClientsDoNotDelayOthers) {
  const Serving serving;
  std::vector<RawConnection> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(serving.Connect());
  std::vector<RawConnection> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(serving.Connect());
    slow.back().Send(i % 2 == 0 ? Request("PUT", "/echo", "Content-Length: 5000000\r\n") : "G");
  }
  const auto begin = std::chrono::steady_clock::now();
  RawConnection connection = serving.Connect();
  for (int i = 0; i < 2000; ++i) {
    if (i % 500 == 0) {
      for (int j = 0; j < 200; ++j) slow[static_cast<std::size_t>(j)].Send(j % 2 == 0 ? "x" : "E");
    }
    connection.Send(Request("GET", i % 2 == 0 ? "/hello" : "/worker"));
    ASSERT_EQ(StatusOf(connection.ReadResponse()), 200);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(ServerPatience, ABoundedNumberOfConnectionsIsServedAndOthersWaitTheirTurn) {
  ServerOptions options;
  options.max_connections = 4;
  options.loops = 1;
  const Serving serving(options);
  std::vector<RawConnection> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(serving.Connect());
    open.back().Send(Request("GET", "/hello"));
    EXPECT_EQ(StatusOf(open.back().ReadResponse()), 200);
  }
  RawConnection waiting = serving.Connect();
  waiting.Send(Request("GET", "/hello"));
  EXPECT_EQ(waiting.ReadResponse(false, milliseconds(200)), "");
  open.pop_back();
  EXPECT_EQ(StatusOf(waiting.ReadResponse()), 200);
}

TEST(ServerPatience, AtTheLimitIdleConnectionsMakeRoom) {
  ServerOptions options;
  options.max_connections = 4;
  options.loops = 1;
  const Serving serving(options);
  std::vector<RawConnection> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(serving.Connect());
  EXPECT_EQ(StatusOf(serving.Ask(Request("GET", "/hello"))), 200);
}

}  // namespace
}  // namespace mkv::http
