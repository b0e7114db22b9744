#include "mkvcore/http/head_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mkv::http {
namespace {

// The status of the refusal, or 200.
int Parse(std::string_view block, RequestHead* head = nullptr, HeadLimits limits = {}) {
  RequestHead unused;
  const auto error = ParseHead(block, limits, head != nullptr ? *head : unused);
  return error ? error->status : 200;
}

std::string Get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

TEST(HeadParser, TakesARequestApart) {
  RequestHead head;
  ASSERT_EQ(Parse("PUT /a%20b/%C3%A9?list&x=%2F HTTP/1.1\r\nHost: h:1\r\nX-Meta: 1\r\n"
                  "x-meta: 2\r\nContent-Length: 12\r\n\r\n",
                  &head),
            200);
  EXPECT_EQ(head.method, "PUT");
  EXPECT_EQ(head.target, "/a%20b/%C3%A9?list&x=%2F");
  EXPECT_EQ(head.path, "/a b/\xC3\xA9");
  EXPECT_EQ(head.query, "list&x=%2F");
  EXPECT_TRUE(head.has_query_mark);
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_FALSE(head.chunked);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.has_body());
  EXPECT_EQ(head.headers.size(), 4U);
  EXPECT_EQ(head.headers.get("X-META"), "1");
}

TEST(HeadParser, AnyTokenIsAMethod) {
  RequestHead head;
  EXPECT_EQ(Parse("UNLINK / HTTP/1.1\r\nHost: x\r\n\r\n", &head), 200);
  EXPECT_EQ(head.method, "UNLINK");
}

TEST(HeadParser, AQuestionMarkAloneIsKnownFromNone) {
  RequestHead with;
  RequestHead without;
  EXPECT_EQ(Parse("GET /a? HTTP/1.1\r\nHost: x\r\n\r\n", &with), 200);
  EXPECT_EQ(Parse("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", &without), 200);
  EXPECT_TRUE(with.has_query_mark);
  EXPECT_FALSE(without.has_query_mark);
  EXPECT_EQ(with.query, "");
}

// S3 clients sign such values as they are; Poco's own reader would decode them.
TEST(HeadParser, EncodedWordsInValuesStayAsSent) {
  RequestHead head;
  ASSERT_EQ(Parse(Get("x-amz-meta-a: =?UTF-8?B?w6Q=?=\r\n"), &head), 200);
  EXPECT_EQ(head.headers.get("x-amz-meta-a"), "=?UTF-8?B?w6Q=?=");
}

TEST(HeadParser, ValuesOfManyKilobytesAreKept) {
  RequestHead head;
  const std::string value(20'000, 'v');
  ASSERT_EQ(Parse(Get("X-Long: " + value + "\r\n"), &head), 200);
  EXPECT_EQ(head.headers.get("X-Long"), value);
}

TEST(HeadParser, MalformedRequestLinesAreRefused) {
  for (const std::string_view line : {"",
                                      "GET",
                                      "GET /",
                                      "GET / ",
                                      "GET  / HTTP/1.1",
                                      "GET /  HTTP/1.1",
                                      " GET / HTTP/1.1",
                                      "GET / HTTP/1.1 ",
                                      "GET / http/1.1",
                                      "GET / HTTP/1",
                                      "GET / HTTP/11",
                                      "GET / HTTP/1.10",
                                      "GET / HTTP/1.x",
                                      "G\tT / HTTP/1.1",
                                      "G@T / HTTP/1.1",
                                      "GET /a b HTTP/1.1",
                                      "GET\t/ HTTP/1.1",
                                      "GET /\x01 HTTP/1.1",
                                      "GET /\r HTTP/1.1",
                                      "GET / HTTP/1.1\r"}) {
    EXPECT_EQ(Parse(std::string(line) + "\r\nHost: x\r\n\r\n"), 400) << line;
  }
}

TEST(HeadParser, OnlyTargetsThatBeginWithASlashAreServed) {
  for (const std::string_view target :
       {"*", "a", "?", "http://", "http:/x/", "ftp://x/", "x:80", "%2F", "\\", "%"}) {
    EXPECT_EQ(Parse("OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n"), 400)
        << target;
  }
}

// RFC 9112 section 3.2.2: every server takes it, whoever sends it.
TEST(HeadParser, AWholeUrlIsThePathInItAndItsHostGoesBeforeTheHostField) {
  for (const std::string_view scheme : {"http://", "https://", "HTTP://"}) {
    RequestHead head;
    ASSERT_EQ(Parse("GET " + std::string(scheme) +
                        "b.s3.test:1/a%20b?x=http://c/ HTTP/1.1\r\nHost: y\r\n\r\n",
                    &head),
              200);
    EXPECT_EQ(head.target, "/a%20b?x=http://c/");
    EXPECT_EQ(head.path, "/a b");
    EXPECT_EQ(head.query, "x=http://c/");
    EXPECT_EQ(head.headers.get("Host"), "b.s3.test:1");
    EXPECT_EQ(head.headers.size(), 1U);
  }
}

TEST(HeadParser, AWholeUrlWithoutAPathIsTheRoot) {
  RequestHead head;
  ASSERT_EQ(Parse("GET http://x HTTP/1.1\r\nHost: y\r\n\r\n", &head), 200);
  EXPECT_EQ(head.target, "/");
  EXPECT_EQ(head.headers.get("Host"), "x");
  ASSERT_EQ(Parse("GET http://x?/a HTTP/1.1\r\nHost: y\r\n\r\n", &head), 200);
  EXPECT_EQ(head.target, "/?/a");
  EXPECT_EQ(head.query, "/a");
  EXPECT_EQ(head.headers.get("Host"), "x");
}

TEST(HeadParser, AWholeUrlNeedsAHostAndAHostField) {
  EXPECT_EQ(Parse("GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET http:// HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET http://me@x/a HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET http://x/a HTTP/1.1\r\n\r\n"), 400);
}

TEST(HeadParser, InvalidPercentEncodingOfThePathIsRefused) {
  for (const std::string_view path : {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/a%"}) {
    EXPECT_EQ(Parse("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n"), 400) << path;
  }
  EXPECT_EQ(Parse("GET /?% HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

TEST(HeadParser, PercentDecodingYieldsAnyByteAndLeavesPlusAlone) {
  EXPECT_EQ(PercentDecode("a+b%2B%2f%00%fF"), std::string("a+b+/\0\xff", 7));
}

TEST(HeadParser, OtherVersionsAreRefusedWith505) {
  for (const std::string_view version : {"HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.1"}) {
    EXPECT_EQ(Parse("GET / " + std::string(version) + "\r\nHost: x\r\n\r\n"), 505) << version;
  }
}

TEST(HeadParser, Http11NeedsExactlyOneHost) {
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"), 400);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 200);
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200);
  EXPECT_EQ(Parse("GET / HTTP/1.0\r\n\r\n"), 200);
}

TEST(HeadParser, MalformedFieldsAreRefused) {
  for (const std::string_view fields :
       {"Name : x\r\n", ": x\r\n", "Name\r\n", " Name: x\r\n", "A: b\r\n folded\r\n", "A: b\rc\r\n",
        "A: b\x7f\r\n", "A(b): c\r\n"}) {
    EXPECT_EQ(Parse(Get(fields)), 400) << fields;
  }
}

TEST(HeadParser, AmbiguousFramingIsRefused) {
  for (const std::string_view fields :
       {"Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5,5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: xchunked\r\n"}) {
    EXPECT_EQ(Parse(Get(fields)), 400) << fields;
  }
  EXPECT_EQ(Parse("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(HeadParser, ChunkedIsKnownInAnyCase) {
  RequestHead head;
  EXPECT_EQ(Parse(Get("Transfer-Encoding: Chunked\r\n"), &head), 200);
  EXPECT_TRUE(head.chunked);
  EXPECT_TRUE(head.has_body());
  EXPECT_FALSE(head.content_length);
}

TEST(HeadParser, ABodyAboveTheLimitIsRefusedWith413) {
  HeadLimits limits;
  limits.max_body_bytes = 10;
  EXPECT_EQ(Parse(Get("Content-Length: 10\r\n"), nullptr, limits), 200);
  RequestHead head;
  EXPECT_EQ(Parse(Get("Content-Length: 11\r\n"), &head, limits), 413);
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.content_length, 11U);
}

TEST(HeadParser, TooManyFieldsAreRefusedWith431) {
  HeadLimits limits;
  limits.max_header_fields = 3;
  EXPECT_EQ(Parse(Get("A: 1\r\nB: 2\r\n"), nullptr, limits), 200);
  EXPECT_EQ(Parse(Get("A: 1\r\nB: 2\r\nC: 3\r\n"), nullptr, limits), 431);
}

// So that the answer is in the protocol of who asks.
TEST(HeadParser, OfARefusedHeadWhatCanBeReadIsKept) {
  const auto refused = [](std::string_view block) {
    RequestHead head;
    EXPECT_NE(Parse(block, &head), 200) << block;
    return head;
  };
  const RequestHead bad_path =
      refused("GET /a%zz?x=1 HTTP/1.1\r\nHost: x\r\nAuthorization: s\r\n\r\n");
  EXPECT_EQ(bad_path.method, "GET");
  EXPECT_EQ(bad_path.path, "");
  EXPECT_EQ(bad_path.target, "/a%zz?x=1");
  EXPECT_EQ(bad_path.query, "x=1");
  EXPECT_EQ(bad_path.headers.get("Authorization"), "s");
  const RequestHead bad_version = refused("GET /a?x HTTP/2.0\r\nHost: x\r\n\r\n");
  EXPECT_EQ(bad_version.path, "/a");
  EXPECT_EQ(bad_version.headers.get("Host"), "x");
  const RequestHead bad_field =
      refused("GET /a HTTP/1.1\r\nHost: x\r\n folded: x\r\nHost: y\r\nA: 1\r\n\r\n");
  EXPECT_EQ(bad_field.headers.get("A"), "1");
  EXPECT_FALSE(bad_field.headers.has("folded"));
  // Beginnings of heads that do not end within the limit.
  EXPECT_EQ(refused("GET /a?x=1&y").query, "x=1&y");
  EXPECT_EQ(refused("GET /a HTTP/1.1\r\nA: 1\r\nB: 22").headers.get("A"), "1");
}

TEST(HeadParser, TheFirstErrorIsTheOneThatIsTold) {
  EXPECT_EQ(Parse("GET a HTTP/2.0\r\n: x\r\n\r\n"), 505);
  EXPECT_EQ(Parse("GET /%zz HTTP/1.1\r\nExpect: x\r\nHost: x\r\n\r\n"), 400);
}

TEST(HeadParser, OnlyTheExpectationOf100ContinueIsMet) {
  RequestHead head;
  EXPECT_EQ(Parse(Get("Expect: 100-Continue\r\nContent-Length: 1\r\n"), &head), 200);
  EXPECT_TRUE(head.expect_continue);
  EXPECT_EQ(Parse(Get("Expect: 200-ok\r\n")), 417);
  EXPECT_EQ(Parse(Get("Expect:\r\n")), 417);
}

TEST(HeadParser, NobodyWaitsFor100ContinueInHttp10OrWithoutABody) {
  RequestHead old;
  EXPECT_EQ(Parse("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", &old),
            200);
  EXPECT_FALSE(old.expect_continue);
  RequestHead bodyless;
  EXPECT_EQ(Parse(Get("Expect: 100-continue\r\n"), &bodyless), 200);
  EXPECT_FALSE(bodyless.expect_continue);
}

TEST(HeadParser, TheConnectionFieldAndTheVersionDecideOnKeepAlive) {
  const auto keep_alive = [](std::string_view version, std::string_view fields) {
    RequestHead head;
    EXPECT_EQ(
        Parse("GET / " + std::string(version) + "\r\nHost: x\r\n" + std::string(fields) + "\r\n",
              &head),
        200);
    return head.keep_alive;
  };
  EXPECT_TRUE(keep_alive("HTTP/1.1", ""));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: Upgrade,\tCLOSE ,x\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
  EXPECT_TRUE(keep_alive("HTTP/1.1", "Connection: closed\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.0", ""));
  EXPECT_TRUE(keep_alive("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

}  // namespace
}  // namespace mkv::http
