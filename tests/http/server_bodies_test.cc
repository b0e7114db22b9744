// Bodies of requests: collected, streamed, announced with 100-continue, and not read at all.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using std::chrono::milliseconds;
using testing::RawConnection;

std::string WithLength(std::string_view path, std::size_t length, std::string_view fields = "") {
  return Request("PUT", path,
                 "Content-Length: " + std::to_string(length) + "\r\n" + std::string(fields));
}

std::string WithChunks(std::string_view path, std::string_view fields = "") {
  return Request("PUT", path, "Transfer-Encoding: chunked\r\n" + std::string(fields));
}

// Bytes that repeat only after a long while, so that nothing lost or doubled goes unseen.
std::string Pattern(std::size_t bytes) {
  std::string pattern(bytes, '\0');
  std::uint32_t state = 1;
  for (char& c : pattern) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return pattern;
}

TEST(ServerBodies, SmallOnesAreCollectedOnTheLoop) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  for (const std::size_t size : {0, 1, 100'000, 1 << 20}) {
    connection.Send(WithLength("/collect", size) + std::string(size, 'a'));
    EXPECT_EQ(BodyOf(connection.ReadResponse()), std::to_string(size) + " held");
  }
}

TEST(ServerBodies, LargeOnesAndThoseOfUnknownLengthAreReadByTheWorker) {
  const Serving serving;
  const std::size_t large = (1 << 20) + 1;
  RawConnection connection = serving.Connect();
  connection.Send(WithLength("/collect", large) + std::string(large, 'a'));
  EXPECT_EQ(BodyOf(connection.ReadResponse()), std::to_string(large));
  connection.Send(WithChunks("/collect") + "3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "3 X-Sum=9");
}

TEST(ServerBodies, WhatIsAboveTheBudgetIsReadByTheWorker) {
  ServerOptions options;
  options.collect_budget = 100;
  const Serving serving(options);
  RawConnection connection = serving.Connect();
  for (int i = 0; i < 3; ++i) {
    connection.Send(WithLength("/collect", 101) + std::string(101, 'a'));
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "101");
    // Given back each time, or the second would not fit.
    connection.Send(WithLength("/collect", 100) + std::string(100, 'a'));
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "100 held");
  }
}

TEST(ServerBodies, TheLoopHasSmallOnesForItself) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  for (const std::size_t size : {0, 1, 100'000, 1 << 20}) {
    const std::string sent = Pattern(size);
    connection.Send(WithLength("/loop", size) + sent);
    EXPECT_TRUE(BodyOf(connection.ReadResponse()) == sent);
  }
  connection.Send(WithLength("/loop", 6, "Expect: 100-continue\r\n"));
  EXPECT_EQ(connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.Send("abc");
  std::this_thread::sleep_for(milliseconds(20));
  connection.Send("def" + WithLength("/loop", 2) + "gh" + Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "abcdef");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "gh");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello");
}

TEST(ServerBodies, TheLoopLeavesLargeOnesAndThoseOfUnknownLength) {
  const Serving serving;
  const std::size_t large = (1 << 20) + 1;
  {
    RawConnection connection = serving.Connect();
    connection.Send(WithLength("/loop", large));
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "not collected");
  }
  RawConnection connection = serving.Connect();
  connection.Send(WithChunks("/loop") + "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "not collected");
}

TEST(ServerBodies, AWorkerFindsWhatTheLoopHasCollected) {
  ServerOptions options;
  options.collect_budget = 100;
  const Serving serving(options);
  RawConnection connection = serving.Connect();
  for (int i = 0; i < 3; ++i) {
    connection.Send(WithLength("/loop-then-worker", 100) + std::string(100, 'a'));
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "100 held");
    // Given back each time, here too.
    connection.Send(WithLength("/loop", 100) + std::string(100, 'a'));
    EXPECT_EQ(BodyOf(connection.ReadResponse()), std::string(100, 'a'));
  }
}

TEST(ServerBodies, WhatIsThrownOverACollectedBodyIsAnswered500) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  connection.Send(WithLength("/loop-throw", 3) + "abc" + Request("GET", "/hello"));
  EXPECT_EQ(StatusOf(connection.ReadResponse()), 500);
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello");
}

TEST(ServerBodies, WhoDoesNotDeliverToTheLoopGivesTheBudgetBack) {
  ServerOptions options;
  options.collect_budget = 100;
  const Serving serving(options);
  for (int i = 0; i < 3; ++i) {
    RawConnection gone = serving.Connect();
    gone.Send(WithLength("/loop", 100) + "a");
    gone.Reset();
    std::string answer;
    for (int attempt = 0; attempt < 200 && answer != std::string(100, 'b'); ++attempt) {
      RawConnection connection = serving.Connect();
      connection.Send(WithLength("/loop", 100) + std::string(100, 'b'));
      answer = BodyOf(connection.ReadResponse());
    }
    EXPECT_EQ(answer, std::string(100, 'b'));
  }
}

TEST(ServerBodies, ALargeBodyIsEchoedWhileItComes) {
  const Serving serving;
  const std::string sent = Pattern(20 << 20);
  RawConnection connection = serving.Connect();
  std::thread sender([&] {
    connection.Send(WithLength("/echo", sent.size()));
    connection.Send(sent);
  });
  const std::string response = connection.ReadResponse();
  sender.join();
  EXPECT_TRUE(BodyOf(response) == sent);
}

TEST(ServerBodies, ALargeChunkedBodyIsEchoedInChunks) {
  const Serving serving;
  const std::string sent = Pattern(20 << 20);
  RawConnection connection = serving.Connect();
  std::thread sender([&] {
    std::string wire = WithChunks("/echo", "Connection: close\r\n");
    std::size_t size = 1;
    for (std::size_t at = 0; at < sent.size(); at += size, size = size * 7 % 150'001 + 1) {
      const std::string_view chunk = std::string_view(sent).substr(at, size);
      std::array<char, 20> line;
      wire.append(line.data(), static_cast<std::size_t>(std::snprintf(line.data(), line.size(),
                                                                      "%zx\r\n", chunk.size())));
      wire.append(chunk).append("\r\n");
      if (wire.size() > 1 << 20) {
        connection.Send(wire);
        wire.clear();
      }
    }
    connection.Send(wire + "0\r\n\r\n");
  });
  const std::string response = connection.ReadToEnd(milliseconds(60'000));
  sender.join();
  EXPECT_TRUE(Unchunked(BodyOf(response)) == sent);
}

TEST(ServerBodies, TheNextRequestMayFollowABodyAtOnce) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  const std::string large((1 << 20) + 5, 'a');
  connection.Send(WithChunks("/collect") + "3\r\nabc\r\n0\r\n\r\n" + WithLength("/collect", 3) +
                  "abc" + WithLength("/collect", large.size()) + large + Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "3");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "3 held");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), std::to_string(large.size()));
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello");
}

TEST(ServerBodies, Continue100IsSentOnceTheBodyIsWanted) {
  const Serving serving;
  for (const std::string& request : {WithLength("/collect", 3, "Expect: 100-continue\r\n"),
                                     WithLength("/echo", 3, "Expect: 100-continue\r\n")}) {
    RawConnection connection = serving.Connect();
    connection.Send(request);
    EXPECT_EQ(connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    connection.Send("abc");
    EXPECT_EQ(StatusOf(connection.ReadResponse()), 200);
  }
  RawConnection connection = serving.Connect();
  connection.Send(WithChunks("/collect", "Expect: 100-continue\r\n"));
  EXPECT_EQ(connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.Send("0\r\n\r\n");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "0");
}

// botocore announces empty files so too, and can not go on with a connection without it.
TEST(ServerBodies, Continue100ComesBeforeTheAnswerToAnEmptyBody) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  for (int i = 0; i < 2; ++i) {
    connection.Send(WithLength("/collect", 0, "Expect: 100-continue\r\n"));
    EXPECT_EQ(connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(StatusOf(connection.ReadResponse()), 200);
  }
  connection.Send(WithLength("/early", 0, "Expect: 100-continue\r\n"));
  EXPECT_EQ(HeaderOf(connection.ReadResponse(), "Connection"), "close");
  EXPECT_EQ(connection.ReadToEnd(), "");
  EXPECT_TRUE(connection.closed());
}

TEST(ServerBodies, NobodyIsToldToContinueWhoHasBegunAlready) {
  const Serving serving;
  for (const std::string& request :
       {WithLength("/collect", 3, "Expect: 100-continue\r\n") + "abc",
        WithChunks("/collect", "Expect: 100-continue\r\n") + "3\r\nabc\r\n0\r\n\r\n"}) {
    RawConnection connection = serving.Connect();
    connection.Send(request);
    EXPECT_EQ(StatusOf(connection.ReadResponse()), 200);
  }
}

// Whether the body still comes is up to the client (RFC 9110 section 10.1.1), so nothing that
// follows may be taken for a request.
TEST(ServerBodies, AFinalAnswerInsteadOf100EndsTheConnection) {
  ServerOptions options;
  options.collect_bytes = 0;
  const Serving serving(options);
  for (const std::size_t size : {100U, 2U << 20}) {
    for (const char* const path : {"/early", "/refuse"}) {
      RawConnection connection = serving.Connect();
      connection.Send(WithLength(path, size, "Expect: 100-continue\r\n"));
      const std::string response = connection.ReadResponse();
      EXPECT_EQ(StatusOf(response), 403);
      EXPECT_EQ(HeaderOf(response, "Connection"), "close");
      connection.Send(std::string(size < 1000 ? size : 0, 'x') + Request("GET", "/hello"));
      EXPECT_EQ(connection.ReadToEnd(), "");
      EXPECT_TRUE(connection.closed());
    }
  }
}

TEST(ServerBodies, AShortUnreadBodyIsPassedOverAndTheConnectionGoesOn) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  connection.Send(WithLength("/early", 500'000));
  EXPECT_EQ(StatusOf(connection.ReadResponse()), 403);
  connection.Send(std::string(500'000, 'x') + Request("GET", "/hello"));
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello");
}

TEST(ServerBodies, AnEarlyAnswerIsSeenByAClientThatSendsItsBodyFirst) {
  ServerOptions options;
  options.collect_bytes = 0;
  const Serving serving(options);
  for (const std::size_t size : {100'000U, 1'000'000U}) {
    for (const char* const path : {"/early", "/refuse"}) {
      RawConnection connection = serving.Connect();
      EXPECT_TRUE(connection.Send(WithLength(path, size)));
      EXPECT_TRUE(connection.Send(std::string(size / 2, 'x')));
      EXPECT_TRUE(connection.Send(std::string(size - size / 2, 'x')));
      EXPECT_EQ(StatusOf(connection.ReadResponse()), 403) << path << size;
    }
  }
  RawConnection chunked = serving.Connect();
  chunked.Send(WithChunks("/early") + "f4240\r\n" + std::string(1'000'000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(StatusOf(chunked.ReadToEnd()), 403);
}

// Closed at once it would be reset, and the answer might be lost on its way.
TEST(ServerBodies, AClientThatSendsOnForAWhileSeesItsAnswer) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  constexpr std::size_t kSize = 8 << 20;
  EXPECT_TRUE(connection.Send(WithLength("/early", kSize)));
  const std::string piece(1 << 18, 'x');
  for (std::size_t sent = 0; sent < kSize; sent += piece.size()) {
    ASSERT_TRUE(connection.Send(piece)) << "after " << sent;
  }
  EXPECT_EQ(StatusOf(connection.ReadResponse()), 403);
}

TEST(ServerBodies, DrainingAnUnreadBodyHasATimeLimit) {
  ServerOptions options;
  options.drain_timeout = milliseconds(50);
  const Serving serving(options);
  for (const std::size_t size : {1000U, 100U << 20}) {
    RawConnection connection = serving.Connect();
    connection.Send(WithLength("/early", size) + "some");
    EXPECT_EQ(StatusOf(connection.ReadResponse()), 403);
    EXPECT_TRUE(connection.AwaitClose());
  }
}

// The answer promised that the connection goes on; the rest of the body was small.
TEST(ServerBodies, AClientThatIsSlowerThanWasThoughtIsNotCutShort) {
  ServerOptions options;
  options.drain_timeout = milliseconds(1000);
  const Serving serving(options);
  RawConnection connection = serving.Connect();
  connection.Send(WithLength("/early", 1000) + "some");
  const std::string answer = connection.ReadResponse();
  EXPECT_EQ(StatusOf(answer), 403);
  EXPECT_EQ(answer.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(connection.AwaitClose());
  // It hears no more, but what it sends is still taken: the second would meet a reset.
  EXPECT_TRUE(connection.Send("more"));
  EXPECT_TRUE(connection.Send("of it"));
}

TEST(ServerBodies, DrainingAnUnreadBodyHasASizeLimit) {
  ServerOptions options;
  options.linger_bytes = 100'000;
  options.drain_timeout = milliseconds(60'000);
  const Serving serving(options);
  RawConnection connection = serving.Connect();
  connection.Send(WithLength("/early", 1ULL << 40));
  EXPECT_EQ(StatusOf(connection.ReadResponse()), 403);
  const std::string piece(1 << 20, 'x');
  int sent = 0;
  while (sent < 1000 && connection.Send(piece)) ++sent;
  EXPECT_LT(sent, 1000);
}

TEST(ServerBodies, AClientThatLeavesInItsBodyEndsTheTransfer) {
  Serving serving;
  {
    RawConnection collected = serving.Connect();
    collected.Send(WithLength("/collect", 100) + "abc");
    RawConnection streamed = serving.Connect();
    streamed.Send(WithLength("/echo", 100 << 20) + "abc");
    RawConnection chunked = serving.Connect();
    chunked.Send(WithChunks("/collect") + "5\r\nabc");
  }
  for (int i = 0; i < 1000 && serving.handler.failed_transfers < 2; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(serving.handler.failed_transfers, 2);
  EXPECT_TRUE(serving.server.Stop());
}

TEST(ServerBodies, AnAnswerThatBreaksOffCanNotBeTakenForAWholeOne) {
  const Serving serving;
  for (const char* const path : {"/short", "/breakoff"}) {
    RawConnection connection = serving.Connect();
    connection.Send(Request("GET", path));
    const std::string response = connection.ReadToEnd();
    EXPECT_TRUE(connection.closed());
    EXPECT_EQ(response.find("0\r\n\r\n"), std::string::npos);
    EXPECT_LT(BodyOf(response).size(), 10U);
  }
}

}  // namespace
}  // namespace mkv::http
