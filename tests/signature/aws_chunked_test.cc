#include "s3api/signature/aws_chunked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3api/signature/refusal.h"
#include "tests/signature/chunked_body.h"

namespace mkv::s3 {
namespace {

using Kind = PayloadHash::Kind;

struct Result {
  std::string code = "ok";
  std::string data;
  std::vector<std::pair<std::string, std::string>> trailer;
};

// Feeds `body` in the pieces that `cuts` makes of it.
Result Decode(Kind kind, std::string body, std::uint64_t length,
              const std::vector<std::size_t>& cuts = {}, AwsChunkedLimits limits = {},
              bool verify = true) {
  Result result;
  const PayloadHash payload{kind};
  AwsChunkedDecoder decoder(
      payload,
      payload.chunks_are_signed() && verify ? std::optional(TestChunkSigner()) : std::nullopt,
      length, limits);
  try {
    std::size_t from = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
      const std::size_t to = i < cuts.size() ? cuts[i] : body.size();
      // A piece of its own, so that the sanitizer sees a step beyond it.
      std::vector<char> piece(body.begin() + static_cast<std::ptrdiff_t>(from),
                              body.begin() + static_cast<std::ptrdiff_t>(to));
      result.data.append(piece.data(), decoder.Decode(piece));
      from = to;
    }
    decoder.Finish();
  } catch (const PayloadError& error) {
    result.code = error.refusal().code;
  }
  for (const auto& field : decoder.trailer()) result.trailer.emplace_back(field.name, field.value);
  return result;
}

class EveryKind : public ::testing::TestWithParam<Kind> {
 protected:
  const std::string data_ = "Hello, chunked world: " + std::string(40, 'x') + "\r\n0\r\n\r\n";
  const std::string body_ = ChunkedBody(GetParam(), {data_.substr(0, 30), data_.substr(30)},
                                        {{"x-amz-checksum-crc32", "AAAAAA=="}});
};

TEST_P(EveryKind, DecodesAtEverySplit) {
  ASSERT_EQ(Decode(GetParam(), body_, data_.size()).code, "ok");
  for (std::size_t cut = 0; cut <= body_.size(); ++cut) {
    const Result result = Decode(GetParam(), body_, data_.size(), {cut});
    ASSERT_EQ(result.code, "ok") << cut;
    ASSERT_EQ(result.data, data_) << cut;
    ASSERT_EQ(result.trailer.size(), PayloadHash{GetParam()}.has_trailer() ? 1u : 0u);
  }
}

TEST_P(EveryKind, DecodesAtEveryPairOfSplits) {
  for (std::size_t first = 0; first <= body_.size(); ++first) {
    for (std::size_t second = first; second <= body_.size(); second += 3) {
      const Result result = Decode(GetParam(), body_, data_.size(), {first, second});
      ASSERT_EQ(result.code, "ok") << first << ' ' << second;
      ASSERT_EQ(result.data, data_);
    }
  }
}

TEST_P(EveryKind, DecodesByteByByte) {
  std::vector<std::size_t> cuts(body_.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i;
  EXPECT_EQ(Decode(GetParam(), body_, data_.size(), cuts).data, data_);
}

TEST_P(EveryKind, DecodesNothing) {
  const std::string body = ChunkedBody(GetParam(), {}, {{"x-amz-checksum-crc32", "AAAAAA=="}});
  const Result result = Decode(GetParam(), body, 0);
  EXPECT_EQ(result.code, "ok");
  EXPECT_EQ(result.data, "");
}

TEST_P(EveryKind, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < body_.size(); ++size) {
    EXPECT_NE(Decode(GetParam(), body_.substr(0, size), data_.size()).code, "ok") << size;
  }
}

TEST_P(EveryKind, RefusesBytesAfterTheEnd) {
  EXPECT_EQ(Decode(GetParam(), body_ + "\r\n", data_.size()).code, "IncompleteBody");
  EXPECT_EQ(Decode(GetParam(), body_ + body_, data_.size()).code, "IncompleteBody");
}

TEST_P(EveryKind, RefusesAnotherLengthThanDeclared) {
  EXPECT_EQ(Decode(GetParam(), body_, data_.size() + 1).code, "IncompleteBody");
  EXPECT_EQ(Decode(GetParam(), body_, data_.size() - 1).code, "IncompleteBody");
  EXPECT_EQ(Decode(GetParam(), body_, 0).code, "IncompleteBody");
}

TEST_P(EveryKind, NeverHandsOutMoreThanDeclared) {
  for (std::uint64_t length = 0; length < data_.size(); ++length) {
    EXPECT_LE(Decode(GetParam(), body_, length).data.size(), length);
  }
}

// A changed byte is refused, unless it changes nothing but the spelling (`1E` for `1e`).
TEST_P(EveryKind, NeverTakesATamperedByteForTheTruth) {
  const bool is_signed = PayloadHash{GetParam()}.chunks_are_signed();
  const Result good = Decode(GetParam(), body_, data_.size());
  for (std::size_t at = 0; at < body_.size(); ++at) {
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string tampered = body_;
      tampered[at] = static_cast<char>(tampered[at] ^ flip);
      const Result result = Decode(GetParam(), tampered, data_.size());
      if (result.code != "ok") continue;
      if (is_signed) {
        ASSERT_EQ(result.data, good.data) << at << ' ' << flip;
        ASSERT_EQ(result.trailer, good.trailer) << at << ' ' << flip;
      } else {
        ASSERT_EQ(result.data.size(), good.data.size()) << at << ' ' << flip;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AwsChunked, EveryKind,
                         ::testing::Values(Kind::kStreamingSigned, Kind::kStreamingSignedTrailer,
                                           Kind::kStreamingUnsignedTrailer),
                         [](const auto& kind) -> std::string {
                           switch (kind.param) {
                             case Kind::kStreamingSigned:
                               return "Signed";
                             case Kind::kStreamingSignedTrailer:
                               return "SignedTrailer";
                             default:
                               return "UnsignedTrailer";
                           }
                         });

TEST(AwsChunkedSigned, RefusesChunksOutOfOrder) {
  const std::string one = ChunkedBody(Kind::kStreamingSigned, {"aaaa", "bbbb"});
  const std::size_t second = one.find("\r\n4;") + 2;
  const std::size_t last = one.find("\r\n0;") + 2;
  const std::string swapped =
      one.substr(second, last - second) + one.substr(0, second) + one.substr(last);
  EXPECT_EQ(Decode(Kind::kStreamingSigned, one, 8).code, "ok");
  EXPECT_EQ(Decode(Kind::kStreamingSigned, swapped, 8).code, "SignatureDoesNotMatch");
}

TEST(AwsChunkedSigned, RefusesTheChunksOfAnotherRequest) {
  std::string body = ChunkedBody(Kind::kStreamingSigned, {"aaaa"});
  AwsChunkedDecoder decoder({Kind::kStreamingSigned},
                            ChunkSigner("key", "20130524T000000Z", "scope", "another seed"), 4);
  EXPECT_THROW(decoder.Decode(body), PayloadError);
}

TEST(AwsChunkedSigned, RefusesChunksWithoutASignature) {
  const std::string body = ChunkedBody(Kind::kStreamingUnsignedTrailer, {"aaaa"});
  EXPECT_EQ(Decode(Kind::kStreamingSigned, body, 4).code, "IncompleteBody");
}

TEST(AwsChunkedSigned, TakesAnySignatureWithoutASigner) {
  std::string body = ChunkedBody(Kind::kStreamingSignedTrailer, {"aaaa"}, {{"a", "b"}});
  body[body.find("signature=") + 10] ^= 1;
  EXPECT_EQ(Decode(Kind::kStreamingSignedTrailer, body, 4).code, "SignatureDoesNotMatch");
  const Result result = Decode(Kind::kStreamingSignedTrailer, body, 4, {}, {}, false);
  EXPECT_EQ(result.code, "ok");
  EXPECT_EQ(result.data, "aaaa");
}

TEST(AwsChunkedSigned, TakesTheTrailerThatMinioClientsSend) {
  std::string body = ChunkedBody(Kind::kStreamingSignedTrailer, {"aaaa"}, {{"a", "b"}});
  const std::size_t end = body.find("a:b\r\n") + 3;
  body.replace(end, 2, "\n\r\n");
  const Result result = Decode(Kind::kStreamingSignedTrailer, body, 4);
  EXPECT_EQ(result.code, "ok");
  EXPECT_THAT(result.trailer, ::testing::ElementsAre(::testing::Pair("a", "b")));
}

TEST(AwsChunkedSigned, RefusesTrailersWithoutTheirSignature) {
  std::string body = ChunkedBody(Kind::kStreamingSignedTrailer, {"aaaa"}, {{"a", "b"}});
  body.erase(body.find("x-amz-trailer-signature"));
  EXPECT_EQ(Decode(Kind::kStreamingSignedTrailer, body + "\r\n", 4).code, "IncompleteBody");
}

TEST(AwsChunkedSigned, RefusesATrailerThatWasNotDeclared) {
  std::string body = ChunkedBody(Kind::kStreamingSigned, {"aaaa"});
  body.insert(body.size() - 2, "x-amz-checksum-crc32:AAAAAA==\r\n");
  EXPECT_EQ(Decode(Kind::kStreamingSigned, body, 4).code, "MalformedTrailerError");
}

TEST(AwsChunkedUnsigned, RefusesWhatIsMalformed) {
  const auto code = [](std::string body) {
    return Decode(Kind::kStreamingUnsignedTrailer, std::move(body), 4).code;
  };
  EXPECT_EQ(code("4\r\naaaa\r\n0\r\n\r\n"), "ok");
  EXPECT_EQ(code("04\r\naaaa\r\n00\r\n\r\n"), "ok");
  EXPECT_EQ(code("4;x=y\r\naaaa\r\n0\r\n\r\n"), "ok");
  EXPECT_EQ(code(""), "IncompleteBody");
  EXPECT_EQ(code("4\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("4\r\naaaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("4\r\naaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("4\r\naaaa\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("+4\r\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("-4\r\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("0x4\r\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code(" 4\r\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("4 \r\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("\r\naaaa\r\n0\r\n\r\n"), "IncompleteBody");
  EXPECT_EQ(code("fffffffffffffffff\r\naaaa"), "IncompleteBody");
  EXPECT_EQ(code("ffffffffffffffff\r\naaaa"), "InvalidChunkSizeError");
  EXPECT_EQ(code("4\r\naaaa\r\n0\r\nno colon\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(code("4\r\naaaa\r\n0\r\n:no name\r\n\r\n"), "MalformedTrailerError");
}

TEST(AwsChunkedLimitsOf, ChunkHeaderChunkAndTrailer) {
  const AwsChunkedLimits limits{.chunk_header = 16, .chunk = 8, .trailer = 32};
  const auto code = [&](std::string body, std::uint64_t length) {
    return Decode(Kind::kStreamingUnsignedTrailer, std::move(body), length, {}, limits).code;
  };
  EXPECT_EQ(code("8\r\naaaaaaaa\r\n0\r\n\r\n", 8), "ok");
  EXPECT_EQ(code("9\r\naaaaaaaaa\r\n0\r\n\r\n", 9), "InvalidChunkSizeError");
  EXPECT_EQ(code("00000000000001\r\na\r\n0\r\n\r\n", 1), "ok");
  EXPECT_EQ(code("000000000000001\r\na\r\n0\r\n\r\n", 1), "IncompleteBody");
  EXPECT_EQ(code(std::string(1000, '0'), 1), "IncompleteBody");
  EXPECT_EQ(code("0\r\na:" + std::string(26, 'x') + "\r\n\r\n", 0), "ok");
  EXPECT_EQ(code("0\r\na:" + std::string(27, 'x') + "\r\n\r\n", 0), "MalformedTrailerError");
  EXPECT_EQ(code("0\r\n" + std::string(100, 'x'), 0), "MalformedTrailerError");
  EXPECT_EQ(code("0\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\n\r\n", 0),
            "MalformedTrailerError");
}

}  // namespace
}  // namespace mkv::s3
