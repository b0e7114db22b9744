// What a well-behaved client gets: answers, keep-alive, pipelining, HEAD, HTTP/1.0.
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using testing::RawConnection;

TEST(ServerAnswers, ARequestIsAnsweredOnAConnectionThatStaysOpen) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  for (int i = 0; i < 3; ++i) {
    connection.Send(Request("GET", "/hello"));
    const std::string response = connection.ReadResponse();
    EXPECT_EQ(StatusOf(response), 200);
    EXPECT_EQ(BodyOf(response), "hello");
    EXPECT_EQ(HeaderOf(response, "Content-Length"), "5");
    EXPECT_TRUE(HeaderOf(response, "Date"));
    EXPECT_FALSE(HeaderOf(response, "Connection"));
  }
}

TEST(ServerAnswers, TheHandlerSeesTheClientAndAnIdOfItsOwn) {
  const Serving serving;
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    serving.Ask(Request("GET", "/hello?a=b"));
    const RequestHead head = serving.handler.last_head();
    EXPECT_TRUE(head.peer_is_loopback);
    EXPECT_TRUE(head.peer.starts_with("127.0.0.1:"));
    EXPECT_EQ(head.query, "a=b");
    EXPECT_EQ(head.id.size(), 16U);
    EXPECT_EQ(head.id.find_first_not_of("0123456789ABCDEF"), std::string::npos);
    ids.insert(head.id);
  }
  EXPECT_EQ(ids.size(), 100U);
}

TEST(ServerAnswers, PipelinedRequestsAreAnsweredInOrder) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  std::string requests;
  const char* const paths[] = {"/hello", "/later", "/worker", "/chunks", "/early", "/hello"};
  for (int i = 0; i < 20; ++i) {
    for (const char* const path : paths) requests += Request("GET", path);
  }
  requests += Request("GET", "/hello", "Connection: close\r\n");
  connection.Send(requests);
  const std::string responses = connection.ReadToEnd();
  std::string order;
  for (std::size_t at = 0;;) {
    at = responses.find("HTTP/1.1 ", at);
    if (at == std::string::npos) break;
    const std::string_view response = std::string_view(responses).substr(at);
    order += HeaderOf(response, "Transfer-Encoding") ? 'c' : BodyOf(response).front();
    at += 9;
  }
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += "hlwceh";
  EXPECT_EQ(order, expected + "h");
}

TEST(ServerAnswers, ABatchOfAThousandPipelinedRequestsLosesNone) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += Request("GET", "/hello");
  requests += Request("GET", "/hello", "Connection: close\r\n");
  connection.Send(requests);
  const std::string responses = connection.ReadToEnd();
  int count = 0;
  for (std::size_t at = responses.find("HTTP/1.1 200"); at != std::string::npos;
       at = responses.find("HTTP/1.1 200", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 5001);
}

TEST(ServerAnswers, ARequestThatComesByteByByteIsUnderstood) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  for (const char c : "\r\n" + Request("PUT", "/echo", "Content-Length: 3\r\n") + "abc") {
    connection.Send(std::string_view(&c, 1));
  }
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "abc");
}

TEST(ServerAnswers, AnswersToHeadCarryNoBody) {
  const Serving serving;
  for (const char* const path : {"/hello", "/worker", "/stream"}) {
    RawConnection connection = serving.Connect();
    connection.Send(Request("HEAD", path) + Request("GET", "/hello"));
    const std::string response = connection.ReadResponse(true);
    EXPECT_EQ(StatusOf(response), 200);
    EXPECT_NE(HeaderOf(response, "Content-Length"), "0");
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello") << path;
  }
  RawConnection connection = serving.Connect();
  connection.Send(Request("HEAD", "/chunks") + Request("GET", "/hello"));
  EXPECT_EQ(HeaderOf(connection.ReadResponse(true), "Transfer-Encoding"), "chunked");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello");
}

TEST(ServerAnswers, ConnectionCloseIsHonoured) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  connection.Send(Request("GET", "/hello", "Connection: close\r\n"));
  EXPECT_EQ(HeaderOf(connection.ReadResponse(), "Connection"), "close");
  EXPECT_TRUE(connection.AwaitClose());
}

TEST(ServerAnswers, Http10ClosesUnlessAskedToKeepAlive) {
  const Serving serving;
  RawConnection once = serving.Connect();
  once.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(HeaderOf(once.ReadResponse(), "Connection"), "close");
  EXPECT_TRUE(once.AwaitClose());
  RawConnection kept = serving.Connect();
  for (int i = 0; i < 2; ++i) {
    kept.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(HeaderOf(kept.ReadResponse(), "Connection"), "keep-alive");
  }
}

TEST(ServerAnswers, AnAnswerOfUnknownLengthIsChunkedAndToHttp10EndsWithTheConnection) {
  const Serving serving;
  const std::string expected = "onetwo" + std::string(20'000, '3');
  RawConnection connection = serving.Connect();
  connection.Send(Request("GET", "/chunks", "Connection: close\r\n"));
  const std::string response = connection.ReadToEnd();
  EXPECT_EQ(HeaderOf(response, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(Unchunked(BodyOf(response)), expected);
  RawConnection old = serving.Connect();
  old.Send("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string plain = old.ReadToEnd();
  EXPECT_EQ(HeaderOf(plain, "Connection"), "close");
  EXPECT_EQ(BodyOf(plain), expected);
}

TEST(ServerAnswers, AClientThatShutsItsSideStillGetsItsAnswer) {
  const Serving serving;
  for (const char* const path : {"/hello", "/later", "/worker"}) {
    RawConnection connection = serving.Connect();
    connection.Send(Request("GET", path));
    connection.ShutdownWrite();
    EXPECT_EQ(StatusOf(connection.ReadToEnd()), 200) << path;
    EXPECT_TRUE(connection.closed()) << path;
  }
}

TEST(ServerAnswers, LargeAnswersArriveWhole) {
  Serving serving;
  for (const char* const path : {"/big", "/stream"}) {
    const std::string response = serving.Ask(Request("GET", path));
    EXPECT_EQ(BodyOf(response).size(), serving.handler.big_bytes) << path;
  }
}

TEST(ServerAnswers, AHandlerThatThrowsOrForgetsIsAnswered500) {
  const Serving serving;
  RawConnection connection = serving.Connect();
  for (const char* const path : {"/throw", "/drop"}) {
    connection.Send(Request("GET", path));
    EXPECT_EQ(StatusOf(connection.ReadResponse()), 500) << path;
  }
  for (const char* const path : {"/throw-work", "/silent"}) {
    EXPECT_EQ(StatusOf(serving.Ask(Request("GET", path))), 500) << path;
  }
}

TEST(ServerAnswers, AClientThatLeavesBeforeItsAnswerHarmsNobody) {
  const Serving serving;
  for (int i = 0; i < 20; ++i) {
    for (const char* const path : {"/later", "/worker", "/stream", "/big", "/drop"}) {
      RawConnection connection = serving.Connect();
      connection.Send(Request("GET", path));
      connection.Reset();
    }
  }
  EXPECT_EQ(StatusOf(serving.Ask(Request("GET", "/hello"))), 200);
}

TEST(ServerAnswers, APortInUseIsRefusedThoughListenersShareIt) {
  const Serving serving;
  PathHandler handler;
  ServerOptions options;
  options.address = "127.0.0.1";
  options.port = serving.server.port();
  Server second(options, handler);
  EXPECT_THROW(second.Start(), std::runtime_error);
}

}  // namespace
}  // namespace mkv::http
