#include "s3api/signature/payload_plan.h"

#include <gtest/gtest.h>

#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

using Kind = PayloadHash::Kind;

std::variant<PayloadPlan, Refusal> Plan(std::vector<std::pair<std::string, std::string>> headers,
                                        Kind kind = Kind::kUnsigned) {
  SignedRequest request;
  request.headers = std::move(headers);
  return PlanPayload(request.View(), PayloadHash{kind}, std::nullopt);
}

std::string Code(const std::variant<PayloadPlan, Refusal>& plan) {
  const auto* refusal = std::get_if<Refusal>(&plan);
  return refusal != nullptr ? refusal->code : "ok";
}

TEST(PayloadPlan, NothingPromisedIsNothingChecked) {
  const PayloadPlan plan = std::get<PayloadPlan>(Plan({{"x-amz-checksum-mode", "ENABLED"},
                                                       {"x-amz-checksum-algorithm", "CRC32"},
                                                       {"x-amz-checksum-type", "COMPOSITE"}}));
  EXPECT_FALSE(plan.checksum || plan.trailer || plan.content_md5);
}

TEST(PayloadPlan, TakesOneChecksum) {
  const PayloadPlan plan = std::get<PayloadPlan>(
      Plan({{"X-Amz-Checksum-Crc32", "y/Q5Jg=="}, {"x-amz-sdk-checksum-algorithm", "CRC32"}}));
  EXPECT_EQ(plan.checksum, ComputeChecksum(ChecksumAlgorithm::kCrc32, "123456789"));
}

TEST(PayloadPlan, RefusesChecksumsThatItCanNotCheck) {
  EXPECT_EQ(
      Code(Plan({{"x-amz-checksum-crc32", "y/Q5Jg=="}, {"x-amz-checksum-crc32c", "4waSgw=="}})),
      "InvalidRequest");
  EXPECT_EQ(
      Code(Plan({{"x-amz-checksum-crc32", "y/Q5Jg=="}, {"x-amz-checksum-crc32", "y/Q5Jg=="}})),
      "InvalidRequest");
  EXPECT_EQ(Code(Plan({{"x-amz-checksum-crc32", "nonsense"}})), "InvalidRequest");
  EXPECT_EQ(Code(Plan({{"x-amz-checksum-crc32", ""}})), "InvalidRequest");
  EXPECT_EQ(Code(Plan({{"x-amz-checksum-sha512", "y/Q5Jg=="}})), "InvalidRequest");
}

TEST(PayloadPlan, TheSdkAlgorithmMustBeTheOneSent) {
  EXPECT_EQ(Code(Plan({{"x-amz-sdk-checksum-algorithm", "CRC32"}})), "InvalidRequest");
  EXPECT_EQ(Code(Plan({{"x-amz-sdk-checksum-algorithm", "MD4"}})), "InvalidRequest");
  EXPECT_EQ(
      Code(Plan({{"x-amz-checksum-crc32", "y/Q5Jg=="}, {"x-amz-sdk-checksum-algorithm", "SHA1"}})),
      "InvalidRequest");
}

TEST(PayloadPlan, TrailersAreAnnounced) {
  const std::pair<std::string, std::string> length = {"x-amz-decoded-content-length", "4"};
  const auto kind = Kind::kStreamingUnsignedTrailer;
  const auto plan = Plan({length,
                          {"x-amz-trailer", "X-Amz-Checksum-Crc64nvme"},
                          {"x-amz-sdk-checksum-algorithm", "CRC64NVME"}},
                         kind);
  EXPECT_EQ(std::get<PayloadPlan>(plan).trailer, ChecksumAlgorithm::kCrc64Nvme);
  EXPECT_EQ(std::get<PayloadPlan>(plan).decoded_length, 4u);
  EXPECT_EQ(Code(Plan({length}, kind)), "ok");
  EXPECT_EQ(Code(Plan({length, {"x-amz-trailer", "x-amz-meta-a"}}, kind)), "InvalidRequest");
  EXPECT_EQ(
      Code(Plan({length, {"x-amz-trailer", "x-amz-checksum-crc32,x-amz-checksum-sha1"}}, kind)),
      "InvalidRequest");
  EXPECT_EQ(
      Code(Plan(
          {length, {"x-amz-trailer", "x-amz-checksum-crc32"}, {"x-amz-checksum-crc32", "y/Q5Jg=="}},
          kind)),
      "InvalidRequest");
  EXPECT_EQ(Code(Plan({length, {"x-amz-trailer", "x-amz-checksum-crc32"}}, Kind::kStreamingSigned)),
            "InvalidRequest");
  EXPECT_EQ(Code(Plan({{"x-amz-trailer", "x-amz-checksum-crc32"}})), "InvalidRequest");
}

TEST(PayloadPlan, StreamingNeedsTheDecodedLength) {
  EXPECT_EQ(Code(Plan({}, Kind::kStreamingSigned)), "MissingContentLength");
  for (const char* length : {"", "-1", "1x", "99999999999999999999"}) {
    EXPECT_EQ(Code(Plan({{"x-amz-decoded-content-length", length}}, Kind::kStreamingSigned)),
              "InvalidArgument");
  }
}

TEST(PayloadPlan, AnUnsignedClientsTrailersAreToldByTheEncoding) {
  const auto plan = Plan({{"Content-Encoding", "gzip, aws-chunked"},
                          {"x-amz-decoded-content-length", "4"},
                          {"x-amz-trailer", "x-amz-checksum-crc32"}});
  EXPECT_EQ(std::get<PayloadPlan>(plan).hash.kind, Kind::kStreamingUnsignedTrailer);
}

TEST(PayloadPlan, ContentMd5MustBeAnMd5) {
  EXPECT_EQ(Code(Plan({{"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}})), "ok");
  for (const char* md5 : {"", "x", "d41d8cd98f00b204e9800998ecf8427e", "y/Q5Jg=="}) {
    EXPECT_EQ(Code(Plan({{"Content-MD5", md5}})), "InvalidDigest") << md5;
  }
}

TEST(ContentEncodingOfObject, LeavesOutAwsChunked) {
  EXPECT_EQ(ContentEncodingOfObject("aws-chunked"), "");
  EXPECT_EQ(ContentEncodingOfObject("aws-chunked,gzip"), "gzip");
  EXPECT_EQ(ContentEncodingOfObject("gzip , AWS-Chunked, br"), "gzip , br");
  EXPECT_EQ(ContentEncodingOfObject("aws-chunked, gzip"), "gzip");
  EXPECT_EQ(ContentEncodingOfObject("identity"), "identity");
}

}  // namespace
}  // namespace mkv::s3
