#include "mkvcore/http/chunked_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace mkv::http {
namespace {

struct Decoded {
  std::string body;
  std::string rest;
  int status = 0;
  bool done = false;
};

// Feeds `pieces` through output buffers of `room` bytes.
Decoded Decode(ChunkedDecoder& decoder, const std::vector<std::string_view>& pieces,
               std::size_t room) {
  Decoded decoded;
  std::vector<char> output(room);
  for (std::string_view piece : pieces) {
    while (!piece.empty() && !decoder.done() && decoder.error_status() == 0) {
      const auto progress = decoder.Decode(piece, output);
      decoded.body.append(output.data(), progress.produced);
      piece.remove_prefix(progress.consumed);
    }
    decoded.rest.append(piece);
  }
  decoded.status = decoder.error_status();
  decoded.done = decoder.done();
  return decoded;
}

Decoded Decode(std::string_view wire,
               std::uint64_t limit = std::numeric_limits<std::uint64_t>::max()) {
  ChunkedDecoder decoder(limit);
  return Decode(decoder, {wire}, 1024);
}

constexpr std::string_view kWire =
    "5\r\nhello\r\n0010;name=\"a b\";x\r\n, \r\n0\r\n\r\nworld!!\r\n1 ;y\r\n.\r\n"
    "0\r\nX-Sum: abc\r\nY: \r\n\r\nGET / HTTP/1.1";
constexpr std::string_view kBody = "hello, \r\n0\r\n\r\nworld!!.";
constexpr std::string_view kRest = "GET / HTTP/1.1";

TEST(ChunkedDecoder, YieldsTheBodyItsTrailersAndWhatFollowsAtEverySplit) {
  for (std::size_t first = 0; first <= kWire.size(); ++first) {
    for (std::size_t second = first; second <= kWire.size(); ++second) {
      ChunkedDecoder decoder(1000);
      const Decoded decoded = Decode(
          decoder,
          {kWire.substr(0, first), kWire.substr(first, second - first), kWire.substr(second)}, 64);
      ASSERT_TRUE(decoded.done) << first << ' ' << second;
      ASSERT_EQ(decoded.body, kBody);
      ASSERT_EQ(decoded.rest, kRest);
      ASSERT_EQ(decoder.trailers().get("x-sum"), "abc");
      ASSERT_EQ(decoder.trailers().get("Y"), "");
    }
  }
}

TEST(ChunkedDecoder, FillsOutputsOfAnySize) {
  for (std::size_t room = 1; room < 32; ++room) {
    ChunkedDecoder decoder(1000);
    const Decoded decoded = Decode(decoder, {kWire}, room);
    EXPECT_EQ(decoded.body, kBody);
    EXPECT_EQ(decoded.rest, kRest);
  }
}

TEST(ChunkedDecoder, DecodesInPlace) {
  std::string buffer(kWire);
  ChunkedDecoder decoder(1000);
  const auto progress = decoder.Decode(buffer, buffer);
  EXPECT_EQ(buffer.substr(0, progress.produced), kBody);
  EXPECT_EQ(buffer.substr(progress.consumed), kRest);
}

TEST(ChunkedDecoder, MalformedBodiesAreRefused) {
  for (const std::string_view wire : {"\r\n",
                                      "g\r\n",
                                      "-1\r\n",
                                      "+1\r\n",
                                      "0x1\r\n",
                                      " 1\r\n",
                                      "1\n",
                                      "1\r\r",
                                      "1 \r\n",
                                      "1 x\r\n",
                                      "1\x01\r\n",
                                      "1;\x01\r\n",
                                      "1;a\nb\r\n",
                                      "1\r\nab\r\n",
                                      "1\r\na\n",
                                      "1\r\na\rb",
                                      "11112222333344445\r\n",
                                      "00000000000000001\r\n",
                                      "0\r\nno colon\r\n",
                                      "0\r\n: x\r\n",
                                      "0\r\nA : x\r\n",
                                      "0\r\n x\r\n",
                                      "0\r\n\rx",
                                      "0\r\nA: b\nC: d\r\n"}) {
    const Decoded decoded = Decode(wire);
    EXPECT_EQ(decoded.status, 400) << wire;
    EXPECT_FALSE(decoded.done) << wire;
  }
}

TEST(ChunkedDecoder, ABodyWithoutItsLastChunkIsNotDone) {
  for (const std::string_view wire :
       {"", "5", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\nA: b", "0\r\n\r"}) {
    const Decoded decoded = Decode(wire);
    EXPECT_FALSE(decoded.done) << wire;
    EXPECT_EQ(decoded.status, 0) << wire;
  }
}

TEST(ChunkedDecoder, MoreThanTheLimitIsRefusedBeforeItComes) {
  EXPECT_TRUE(Decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 5).done);
  EXPECT_EQ(Decode("3\r\nabc\r\n3\r\n", 5).status, 413);
  EXPECT_EQ(Decode("ffffffffffffffff\r\n", 5).status, 413);
}

TEST(ChunkedDecoder, ExtensionsAndTrailersHaveLimits) {
  EXPECT_EQ(Decode("1;" + std::string(ChunkedDecoder::kMaxExtensionBytes, 'x')).status, 400);
  EXPECT_EQ(Decode("0\r\nA: " + std::string(ChunkedDecoder::kMaxTrailerBytes, 'x')).status, 400);
}

TEST(ChunkedDecoder, ManySmallChunksAreNoReasonToRefuse) {
  std::string wire;
  for (int i = 0; i < 50'000; ++i) wire += "1\r\nx\r\n";
  wire += "0\r\n\r\n";
  const Decoded decoded = Decode(wire);
  EXPECT_TRUE(decoded.done);
  EXPECT_EQ(decoded.body.size(), 50'000U);
}

}  // namespace
}  // namespace mkv::http
