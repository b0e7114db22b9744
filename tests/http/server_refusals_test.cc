// What the server refuses by itself, over the wire.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/http/serving.h"

namespace mkv::http {
namespace {

using testing::RawConnection;

// Sends it all, and reads all that is answered.
std::string AskToEnd(const Serving& serving, std::string_view request) {
  RawConnection connection = serving.Connect();
  connection.Send(request);
  const std::string response = connection.ReadToEnd();
  EXPECT_TRUE(connection.closed());
  return response;
}

TEST(ServerRefusals, AMalformedHeadGets400AndTheEndOfItsConnection) {
  const Serving serving;
  for (const std::string& request :
       {std::string("GET / HTTP/1.1\nHost: x\n\n"), std::string("GET / HTTP/1.1\r\nHost: x\n\r\n"),
        std::string("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
        std::string("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"),
        Request("GET", "/%zz"), Request("GET", "/hello", " folded: x\r\n"),
        Request("GET", "/hello", "A : x\r\n"),
        Request("GET", "/hello", std::string("A: \0\r\n", 6)),
        Request("PUT", "/echo", "Content-Length: 1\r\nContent-Length: 1\r\n"),
        Request("PUT", "/echo", "Content-Length: +1\r\n"),
        Request("PUT", "/echo", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
        Request("PUT", "/echo", "Transfer-Encoding: gzip, chunked\r\n")}) {
    const std::string response = AskToEnd(serving, request + Request("GET", "/hello"));
    EXPECT_EQ(StatusOf(response), 400) << request;
    EXPECT_EQ(HeaderOf(response, "Connection"), "close");
    EXPECT_EQ(response.find("HTTP/1.1", 1), std::string::npos)
        << "the rest was taken for a request";
  }
}

TEST(ServerRefusals, AnotherVersionGets505) {
  const Serving serving;
  EXPECT_EQ(StatusOf(AskToEnd(serving, "GET / HTTP/2.0\r\nHost: x\r\n\r\n")), 505);
}

TEST(ServerRefusals, AnotherExpectationGets417) {
  const Serving serving;
  const std::string response =
      AskToEnd(serving, Request("PUT", "/echo", "Expect: wonders\r\nContent-Length: 1\r\n"));
  EXPECT_EQ(StatusOf(response), 417);
  EXPECT_TRUE(BodyOf(response).ends_with("/echo")) << "the handler is shown the request";
}

TEST(ServerRefusals, AHeadAboveTheLimitGets431WhetherItEndsOrNot) {
  ServerOptions options;
  options.max_head_bytes = 1000;
  const Serving serving(options);
  EXPECT_EQ(StatusOf(AskToEnd(serving,
                              Request("GET", "/hello", "A: " + std::string(2000, 'a') + "\r\n"))),
            431);
  EXPECT_EQ(StatusOf(serving.Ask(Request("GET", "/hello", "A: " + std::string(900, 'a') + "\r\n"))),
            200);
}

TEST(ServerRefusals, EachHasAnIdOfItsOwn) {
  ServerOptions options;
  options.max_head_bytes = 1000;
  const Serving serving(options);
  std::set<std::string> ids;
  const std::string requests[] = {Request("GET", "/%zz"), std::string("GET / HTTP/1.1\n"),
                                  "GET /" + std::string(2000, 'a'),
                                  Request("GET", "/hello", "A: " + std::string(2000, 'a') + "\r\n"),
                                  Request("PUT", "/echo", "Expect: nothing\r\n")};
  for (const std::string& request : requests) {
    const std::string id = HeaderOf(AskToEnd(serving, request), "X-Id").value_or("");
    EXPECT_EQ(id.size(), 16U) << request;
    EXPECT_TRUE(ids.insert(id).second) << request;
  }
}

TEST(ServerRefusals, ARequestLineAboveTheLimitGets414WhetherItEndsOrNot) {
  ServerOptions options;
  options.max_head_bytes = 1000;
  const Serving serving(options);
  EXPECT_EQ(StatusOf(AskToEnd(serving, "GET /" + std::string(200'000, 'a'))), 414);
  EXPECT_EQ(StatusOf(AskToEnd(serving, Request("GET", "/" + std::string(2000, 'a')))), 414);
  EXPECT_EQ(StatusOf(AskToEnd(serving, Request("GET", "/" + std::string(900, 'a'),
                                               "A: " + std::string(900, 'a') + "\r\n"))),
            431);
}

TEST(ServerRefusals, TooManyFieldsGet431) {
  ServerOptions options;
  options.max_header_fields = 5;
  const Serving serving(options);
  EXPECT_EQ(StatusOf(AskToEnd(serving, Request("GET", "/hello",
                                               "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"
                                               "A: 1\r\n"))),
            431);
}

TEST(ServerRefusals, ABodyAboveTheLimitGets413) {
  ServerOptions options;
  options.max_body_bytes = 1000;
  const Serving serving(options);
  EXPECT_EQ(StatusOf(AskToEnd(serving, Request("PUT", "/echo", "Content-Length: 1001\r\n"))), 413);
  EXPECT_EQ(StatusOf(AskToEnd(
                serving, Request("PUT", "/collect", "Transfer-Encoding: chunked\r\n") + "3e9\r\n")),
            413);
  EXPECT_EQ(StatusOf(serving.Ask(Request("PUT", "/echo", "Content-Length: 1000\r\n") +
                                 std::string(1000, 'a'))),
            200);
}

TEST(ServerRefusals, AMalformedChunkedBodyGets400) {
  const Serving serving;
  EXPECT_EQ(
      StatusOf(AskToEnd(
          serving, Request("PUT", "/collect", "Transfer-Encoding: chunked\r\n") + "5\r\nhelloX")),
      400);
}

TEST(ServerRefusals, AHandlersOwnLimitForABodyGets413) {
  const Serving serving;
  EXPECT_EQ(StatusOf(AskToEnd(
                serving, Request("PUT", "/read-limit", "Content-Length: 11\r\n") + "12345678901")),
            413);
  EXPECT_EQ(
      StatusOf(AskToEnd(serving, Request("PUT", "/read-limit", "Transfer-Encoding: chunked\r\n") +
                                     "b\r\n12345678901\r\n0\r\n\r\n")),
      413);
}

TEST(ServerRefusals, AnErrorIsSeenThoughTheClientIsStillSending) {
  const Serving serving;
  // Closed at once, the connection would be reset: many clients then report that they could not
  // send, and never look at the answer.
  for (int i = 0; i < 20; ++i) {
    RawConnection connection = serving.Connect();
    EXPECT_TRUE(connection.Send("GET / HTTP/9.9\r\n\r\n"));
    for (int j = 0; j < 9; ++j) EXPECT_TRUE(connection.Send(std::string(100'000, 'x')));
    EXPECT_EQ(StatusOf(connection.ReadToEnd()), 505);
    EXPECT_TRUE(connection.closed());
  }
}

}  // namespace
}  // namespace mkv::http
