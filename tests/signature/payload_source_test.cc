#include "s3api/signature/payload_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3api/checksum/digest_text.h"
#include "tests/signature/chunked_body.h"
#include "tests/signature/text_source.h"

namespace mkv::s3 {
namespace {

using Kind = PayloadHash::Kind;

const std::string kData = "The quick brown fox jumps over the lazy dog. " + std::string(300, '.');

std::string Md5(std::string_view bytes) {
  Digest digest(Digest::Kind::kMd5);
  digest.Update(bytes);
  return digest.Finish();
}

struct Consumed {
  std::string code = "ok";
  std::string data;
  std::optional<ChecksumValue> checksum;
};

Consumed Consume(Source& body, const PayloadPlan& plan) {
  Consumed outcome;
  try {
    PayloadSource source(body, plan);
    outcome.data = ReadAll(source);
    EXPECT_EQ(source.size().value_or(outcome.data.size()), outcome.data.size());
    EXPECT_EQ(source.held().value_or(outcome.data), outcome.data);
    EXPECT_EQ(source.held().has_value(), body.held().has_value());
    outcome.checksum = source.checksum();
  } catch (const PayloadError& error) {
    outcome.code = error.refusal().code;
  }
  return outcome;
}

// The same outcome whether the body is streamed, in pieces of any size, or held.
Consumed Consume(const std::string& body, const PayloadPlan& plan) {
  HeldSource held(body);
  const Consumed expected = Consume(held, plan);
  for (const std::size_t piece : {1u, 2u, 3u, 17u, 100u, 4096u}) {
    TextSource streamed(body, piece);
    const Consumed outcome = Consume(streamed, plan);
    EXPECT_EQ(outcome.code, expected.code);
    EXPECT_EQ(outcome.data, expected.data);
    EXPECT_EQ(outcome.checksum, expected.checksum);
  }
  return expected;
}

TEST(PayloadSource, PassesAnUnsignedPayloadThrough) {
  EXPECT_EQ(Consume(kData, {}).data, kData);
  EXPECT_EQ(Consume("", {}).code, "ok");
}

TEST(PayloadSource, HandsOutTheHeldBodyItselfWhenNothingNeedsDecoding) {
  HeldSource body(kData);
  PayloadSource source(body, {});
  EXPECT_EQ(source.held()->data(), body.held()->data());
}

TEST(PayloadSource, ChecksTheSignedHash) {
  PayloadPlan plan;
  plan.hash = {Kind::kSha256, Sha256Hex(kData)};
  EXPECT_EQ(Consume(kData, plan).code, "ok");
  EXPECT_EQ(Consume(kData + "x", plan).code, "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Consume(kData.substr(1), plan).code, "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Consume("", plan).code, "XAmzContentSHA256Mismatch");
}

TEST(PayloadSource, ChecksContentMd5) {
  PayloadPlan plan;
  plan.content_md5 = Md5(kData);
  EXPECT_EQ(Consume(kData, plan).code, "ok");
  EXPECT_EQ(Consume(kData + "x", plan).code, "BadDigest");
}

TEST(PayloadSource, ChecksTheChecksumInTheHeader) {
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    PayloadPlan plan;
    plan.checksum = ComputeChecksum(algorithm, kData);
    EXPECT_EQ(Consume(kData, plan).checksum, plan.checksum);
    const Consumed wrong = Consume(kData + "x", plan);
    EXPECT_EQ(wrong.code, "BadDigest");
    EXPECT_EQ(wrong.checksum, std::nullopt);
  }
}

TEST(PayloadSource, ComputesTheDefaultChecksumWhenTheClientSendsNone) {
  PayloadPlan plan;
  plan.default_checksum = ChecksumAlgorithm::kCrc64Nvme;
  EXPECT_EQ(Consume(kData, plan).checksum, ComputeChecksum(ChecksumAlgorithm::kCrc64Nvme, kData));
  plan.checksum = ComputeChecksum(ChecksumAlgorithm::kSha1, kData);
  EXPECT_EQ(Consume(kData, plan).checksum, plan.checksum);
}

class Streaming : public ::testing::TestWithParam<Kind> {
 protected:
  PayloadPlan Plan() const {
    PayloadPlan plan;
    plan.hash.kind = GetParam();
    plan.decoded_length = kData.size();
    if (plan.hash.chunks_are_signed()) plan.chunk_signer = TestChunkSigner();
    if (plan.hash.has_trailer()) plan.trailer = ChecksumAlgorithm::kCrc32c;
    return plan;
  }
  static std::string Body(const std::string& data, const std::string& checksum) {
    return ChunkedBody(GetParam(), {data.substr(0, 100), data.substr(100)},
                       {{"x-amz-checksum-crc32c", checksum}});
  }
  const std::string good_ =
      Body(kData, Base64(ComputeChecksum(ChecksumAlgorithm::kCrc32c, kData).value));
};

TEST_P(Streaming, IsDecodedAndChecked) {
  const Consumed outcome = Consume(good_, Plan());
  EXPECT_EQ(outcome.code, "ok");
  EXPECT_EQ(outcome.data, kData);
  EXPECT_EQ(outcome.checksum.has_value(), Plan().trailer.has_value());
}

TEST_P(Streaming, RefusesATruncatedBody) {
  EXPECT_EQ(Consume(good_.substr(0, good_.size() - 1), Plan()).code, "IncompleteBody");
  EXPECT_EQ(Consume("", Plan()).code, "IncompleteBody");
}

// In an unsigned body the checksum of the trailer finds what no signature would.
TEST_P(Streaming, RefusesEveryTamperedByte) {
  for (std::size_t at = 0; at < good_.size(); ++at) {
    std::string tampered = good_;
    tampered[at] = static_cast<char>(tampered[at] ^ 1);
    HeldSource body(tampered);
    EXPECT_NE(Consume(body, Plan()).code, "ok") << at;
  }
}

TEST_P(Streaming, RefusesATrailerOtherThanAnnounced) {
  if (!Plan().trailer) return;
  EXPECT_EQ(Consume(Body(kData, "AAAAAA=="), Plan()).code, "BadDigest");
  EXPECT_EQ(Consume(Body(kData, "nonsense"), Plan()).code, "InvalidRequest");
  PayloadPlan plan = Plan();
  plan.trailer = ChecksumAlgorithm::kCrc32;
  EXPECT_EQ(Consume(good_, plan).code, "MalformedTrailerError");
  plan.trailer.reset();
  EXPECT_EQ(Consume(good_, plan).code, "MalformedTrailerError");
  plan.checksum = ComputeChecksum(ChecksumAlgorithm::kCrc32c, kData);
  EXPECT_EQ(Consume(good_, plan).code, "MalformedTrailerError");
  EXPECT_EQ(Consume(ChunkedBody(GetParam(), {kData}), Plan()).code, "MalformedTrailerError");
}

INSTANTIATE_TEST_SUITE_P(PayloadSource, Streaming,
                         ::testing::Values(Kind::kStreamingSigned, Kind::kStreamingSignedTrailer,
                                           Kind::kStreamingUnsignedTrailer),
                         [](const auto& kind) {
                           return "Kind" + std::to_string(static_cast<int>(kind.param));
                         });

TEST(PayloadSource, NeverReportsTheEndAfterAFailure) {
  PayloadPlan plan;
  plan.hash = {Kind::kSha256, Sha256Hex("")};
  TextSource body(kData, 100);
  PayloadSource source(body, plan);
  EXPECT_THROW(ReadAll(source), PayloadError);
  EXPECT_THROW(ReadAll(source), PayloadError);
}

}  // namespace
}  // namespace mkv::s3
