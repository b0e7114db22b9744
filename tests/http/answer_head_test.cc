#include "mkvcore/http/answer_head.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace mkv::http {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string Answer(const Response& response, const RequestHead* head = nullptr,
                   bool keep_alive = true) {
  std::string out;
  AppendAnswer(response, head, keep_alive, kDate, out);
  return out;
}

RequestHead Head(const std::string& method) {
  RequestHead head;
  head.method = method;
  return head;
}

TEST(AnswerHead, CarriesStatusHeadersInOrderLengthAndDate) {
  Response response;
  response.status = 201;
  response.Header("B", "2").Header("A", "1");
  response.body = "done";
  EXPECT_EQ(Answer(response),
            "HTTP/1.1 201 Created\r\nB: 2\r\nA: 1\r\nContent-Length: 4\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\ndone");
}

TEST(AnswerHead, ToHeadOnlyDescribesTheBody) {
  const RequestHead head = Head("HEAD");
  Response response;
  response.body = "12345";
  EXPECT_TRUE(Answer(response, &head).ends_with("\r\n\r\n"));
  EXPECT_NE(Answer(response, &head).find("Content-Length: 5\r\n"), std::string::npos);
  response.body.clear();
  response.described_length = 7'000'000'000;
  EXPECT_NE(Answer(response, &head).find("Content-Length: 7000000000\r\n"), std::string::npos);
  const RequestHead get = Head("GET");
  EXPECT_NE(Answer(response, &get).find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(AnswerHead, OfStatusesWithoutABodyHasNeitherLengthNorBody) {
  for (const int status : {204, 304}) {
    Response response;
    response.status = status;
    response.body = "not sent";
    EXPECT_EQ(Answer(response).find("Content-Length"), std::string::npos);
    EXPECT_TRUE(Answer(response).ends_with("\r\n\r\n"));
  }
}

TEST(AnswerHead, SaysWhetherTheConnectionGoesOn) {
  RequestHead head = Head("GET");
  EXPECT_EQ(Answer({}, &head).find("Connection"), std::string::npos);
  EXPECT_NE(Answer({}, &head, false).find("Connection: close\r\n"), std::string::npos);
  head.http_1_0 = true;
  EXPECT_NE(Answer({}, &head).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(AnswerHead, NoValueCanEndItsLine) {
  Response response;
  response.Header("Key", std::string_view("a\r\nSet-Cookie: x\0y", 18));
  EXPECT_NE(Answer(response).find("Key: a  Set-Cookie: x y\r\n"), std::string::npos);
}

TEST(AnswerHead, LeavesOutWhatIsTheServersOwnAndWhatIsNoName) {
  Response response;
  response.Header("content-length", "9").Header("DATE", "x").Header("Connection", "x");
  response.Header("transfer-encoding", "chunked").Header("a b", "x").Header("", "x");
  EXPECT_EQ(Answer(response), Answer(Response{}));
}

TEST(AnswerHead, TheDateIsNowInTheFormatOfHttp) {
  DateText date;
  EXPECT_TRUE(std::regex_match(
      std::string(date.Now()),
      std::regex("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] [A-Z][a-z]{2} 20[0-9]{2} "
                 "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT")));
}

}  // namespace
}  // namespace mkv::http
