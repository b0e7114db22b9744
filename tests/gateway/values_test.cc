// Values of every size, sent in every way that HTTP has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/gateway/gateway_test.h"
#include "tests/support/generated_value.h"
#include "tests/support/raw_connection.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Values : public GatewayTest {
 protected:
  // Sends the value, fetches it through the redirect, and compares.
  void StoreAndFetch(std::uint64_t size, bool chunked) {
    const GeneratedValue value(size + 1, size);
    const std::string url =
        cluster().gateway().Url("/" + std::to_string(size) + (chunked ? "chunked" : ""));
    HttpRequest put{.method = "PUT", .url = url, .producer = value.Producer()};
    if (!chunked) put.size = size;
    ASSERT_EQ(cluster().client().Do(put).status, 201);
    const HttpClient::Download got = cluster().client().Fetch(url);
    EXPECT_EQ(got.response.status, 200);
    EXPECT_EQ(got.size, size);
    EXPECT_EQ(got.md5, value.Md5());
    EXPECT_EQ(cluster().client().Do({.method = "HEAD", .url = url}).Header("Content-Md5"),
              value.Md5());
  }
};

TEST_F(Values, OfEverySizeComeBackAsTheyWere) {
  Start();
  for (const std::uint64_t size :
       {1ULL, 100ULL, 65536ULL, 1048575ULL, 1048576ULL, 1048577ULL, 10'000'000ULL}) {
    StoreAndFetch(size, /*chunked=*/false);
    StoreAndFetch(size, /*chunked=*/true);
  }
}

TEST_F(Values, OfAHundredMegabytesComeBackAsTheyWere) {
  Start();
  StoreAndFetch(100'000'000, /*chunked=*/false);
  StoreAndFetch(100'000'000, /*chunked=*/true);
}

TEST_F(Values, ThatProveEmptyOnlyAtTheirEndAreRefused) {
  Start();
  RawConnection connection(cluster().gateway().port());
  connection.Send("PUT /key HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 411 "));
  EXPECT_EQ(cluster().Head("/key").status, 404);
  EXPECT_THAT(cluster().Files(), IsEmpty());
  EXPECT_EQ(cluster().Put("/key", "value").status, 201) << "and leaves the key free";
  EXPECT_EQ(cluster().Get("/key").body, "value");
}

TEST_F(Values, LargerThanTheLimitAreRefused) {
  Start({.arguments = {"-max-body", "1M"}});
  EXPECT_EQ(cluster().Put("/exact", std::string(1 << 20, 'x')).status, 201);
  EXPECT_EQ(cluster().Put("/key", std::string((1 << 20) + 1, 'x')).status, 413);
  const GeneratedValue value(1, 3 << 20);
  EXPECT_EQ(cluster()
                .client()
                .Do({.method = "PUT",
                     .url = cluster().gateway().Url("/chunked"),
                     .producer = value.Producer()})
                .status,
            413);
  EXPECT_THAT(cluster().List(), SizeIs(1));
}

TEST_F(Values, BrokenOffLeaveNothing) {
  Start();
  for (const char* framing : {"Content-Length: 3000000", "Transfer-Encoding: chunked"}) {
    RawConnection connection(cluster().gateway().port());
    connection.Send(std::string("PUT /key HTTP/1.1\r\nHost: x\r\n") + framing +
                    "\r\n\r\n100000\r\n" + std::string(1'000'000, 'x'));
    connection.Close();
    // Until the gateway has noticed, the key is busy.
    HttpResponse put = cluster().Put("/key", "value");
    for (int i = 0; i < 500 && put.status == 409; ++i) put = cluster().Put("/key", "value");
    EXPECT_EQ(put.status, 201);
    EXPECT_EQ(cluster().Get("/key").body, "value");
    EXPECT_THAT(cluster().Files(), SizeIs(3));
    EXPECT_EQ(cluster().Delete("/key").status, 204);
  }
}

TEST_F(Values, AreSentOnlyOnceTheRequestIsAccepted) {
  Start();
  for (const char* length : {"5", "5000000"}) {  // collected on the loop, and read by a worker
    RawConnection connection(cluster().gateway().port());
    connection.Send("PUT /" + std::string(length) +
                    " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " + length +
                    "\r\n\r\n");
    EXPECT_EQ(connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    connection.Send(std::string(std::stoul(length), 'x'));
    EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 201 "));
  }
}

TEST_F(Values, AreNotAskedForWhenTheRequestIsRefused) {
  Start();
  cluster().Put("/key", "value");
  const auto answer = [this](const std::string& request_line, const std::string& length) {
    RawConnection connection(cluster().gateway().port());
    connection.Send(request_line + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + length +
                    "\r\n\r\n");
    return connection.ReadUntil("\r\n");
  };
  EXPECT_THAT(answer("PUT /key", "Content-Length: 5"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer("PUT /key", "Content-Length: 5000000"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer("PUT /key", "Transfer-Encoding: chunked"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer("PUT /.mkv/x", "Content-Length: 5"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer("PATCH /x", "Content-Length: 5"), StartsWith("HTTP/1.1 405 "));

  RawConnection writer(cluster().gateway().port());
  writer.Send("PUT /busy HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nx");
  std::string busy;
  for (int i = 0; i < 500 && !busy.starts_with("HTTP/1.1 409"); ++i) {
    busy = answer("PUT /busy", "Content-Length: 5000000");
  }
  EXPECT_THAT(busy, StartsWith("HTTP/1.1 409 "));
}

TEST_F(Values, AreNotAskedForWhenNoVolumeCouldTakeThem) {
  Start();
  for (std::size_t i = 0; i < 3; ++i) cluster().volume(i).Kill();
  RawConnection connection(cluster().gateway().port());
  connection.Send(
      "PUT /key HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_THAT(connection.ReadUntil("\r\n"), StartsWith("HTTP/1.1 500 "));
}

// Else the client sees a reset instead of the answer.
TEST_F(Values, RefusedAreDrainedSoThatTheClientSeesWhy) {
  Start();
  cluster().Put("/key", "value");
  RawConnection connection(cluster().gateway().port());
  const std::string value(900'000, 'x');
  connection.Send("PUT /key HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n");
  ASSERT_TRUE(connection.Send(value));
  EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 403 "));
  connection.Send("HEAD /key HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(connection.ReadResponse(/*after_head=*/true), HasSubstr("Key-Volumes"));
}

}  // namespace
}  // namespace mkv::testing
