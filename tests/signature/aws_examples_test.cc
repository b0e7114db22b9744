// The examples that AWS publishes, as test vectors: "Signature Calculations for the Authorization
// Header" (single chunk, multiple chunks, trailing headers), "Authenticating Requests: Using Query
// Parameters", and the query example of Signature Version 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3api/signature/aws_chunked.h"
#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

SignedRequest Example(std::string method, std::string path, std::string query,
                      std::string_view signed_headers, std::string_view signature) {
  SignedRequest request{std::move(method), std::move(path), std::move(query)};
  request["Host"] = "examplebucket.s3.amazonaws.com";
  request["Authorization"] =
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
      "SignedHeaders=" +
      std::string(signed_headers) + ",Signature=" + std::string(signature);
  request["x-amz-content-sha256"] = kSha256OfNothing;
  request["x-amz-date"] = kExampleTime;
  return request;
}

TEST(AwsExamples, GetObjectWithRange) {
  SignedRequest request =
      Example("GET", "/test.txt", "", "host;range;x-amz-content-sha256;x-amz-date",
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  request["Range"] = "bytes=0-9";
  EXPECT_EQ(Outcome(AuthenticateExample(request)), "ok");
  request["Range"] = "bytes=0-8";
  EXPECT_EQ(Outcome(AuthenticateExample(request)), "SignatureDoesNotMatch");
}

TEST(AwsExamples, PutObject) {
  SignedRequest request = Example(
      "PUT", "/test$file.text", "", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  request["Date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  request["x-amz-content-sha256"] = Sha256Hex("Welcome to Amazon S3.");
  EXPECT_EQ(Outcome(AuthenticateExample(request)), "ok");
}

TEST(AwsExamples, GetBucketLifecycle) {
  EXPECT_EQ(Outcome(AuthenticateExample(
                Example("GET", "/", "lifecycle", "host;x-amz-content-sha256;x-amz-date",
                        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))),
            "ok");
}

TEST(AwsExamples, ListObjects) {
  EXPECT_EQ(Outcome(AuthenticateExample(
                Example("GET", "/", "prefix=J&max-keys=2", "host;x-amz-content-sha256;x-amz-date",
                        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))),
            "ok");
}

TEST(AwsExamples, PresignedGet) {
  SignedRequest request{
      "GET", "/test.txt",
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
      "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
      "X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"};
  request["Host"] = "examplebucket.s3.amazonaws.com";
  EXPECT_EQ(Outcome(AuthenticateExample(request)), "ok");
  EXPECT_EQ(Outcome(AuthenticateExample(request, "20130525T000000Z")), "ok");
  EXPECT_EQ(Outcome(AuthenticateExample(request, "20130525T000001Z")), "AccessDenied");
  request.method = "PUT";
  EXPECT_EQ(Outcome(AuthenticateExample(request)), "SignatureDoesNotMatch");
}

// 64 KiB and 1 KiB of `a`.
std::string ChunkedBody(std::string_view first, std::string_view second, std::string_view last,
                        std::string_view trailer) {
  std::string body = "10000;chunk-signature=";
  body.append(first).append("\r\n").append(65536, 'a').append("\r\n");
  body.append("400;chunk-signature=").append(second).append("\r\n").append(1024, 'a');
  body.append("\r\n0;chunk-signature=").append(last).append("\r\n").append(trailer).append("\r\n");
  return body;
}

std::string Decoded(const SignedRequest& request, std::string body,
                    std::vector<AwsChunkedDecoder::TrailerField>* trailer = nullptr) {
  auto result = AuthenticateExample(request);
  if (!std::holds_alternative<Signer>(result)) return Outcome(result);
  auto& signer = std::get<Signer>(result);
  AwsChunkedDecoder decoder(signer.payload, signer.chunk_signer, 66560);
  body.resize(decoder.Decode(body));
  decoder.Finish();
  if (trailer != nullptr) *trailer = decoder.trailer();
  return body;
}

TEST(AwsExamples, ChunkedUpload) {
  SignedRequest request =
      Example("PUT", "/examplebucket/chunkObject.txt", "",
              "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
              "x-amz-decoded-content-length;x-amz-storage-class",
              "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  request["Host"] = "s3.amazonaws.com";
  request["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  request["x-amz-content-sha256"] = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  request["Content-Encoding"] = "aws-chunked";
  request["x-amz-decoded-content-length"] = "66560";
  request["Content-Length"] = "66824";
  const std::string body =
      ChunkedBody("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                  "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                  "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "");
  EXPECT_EQ(body.size(), 66824u);
  EXPECT_EQ(Decoded(request, body), std::string(66560, 'a'));
}

TEST(AwsExamples, ChunkedUploadWithTrailer) {
  SignedRequest request =
      Example("PUT", "/examplebucket/chunkObject.txt", "",
              "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
              "x-amz-storage-class;x-amz-trailer",
              "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  request["Host"] = "s3.amazonaws.com";
  request["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  request["x-amz-content-sha256"] = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
  request["Content-Encoding"] = "aws-chunked";
  request["x-amz-decoded-content-length"] = "66560";
  request["x-amz-trailer"] = "x-amz-checksum-crc32c";
  const std::string body =
      ChunkedBody("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                  "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                  "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
                  "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
                  "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n");
  std::vector<AwsChunkedDecoder::TrailerField> trailer;
  EXPECT_EQ(Decoded(request, body, &trailer), std::string(66560, 'a'));
  ASSERT_EQ(trailer.size(), 1u);
  EXPECT_EQ(trailer[0].name, "x-amz-checksum-crc32c");
  EXPECT_EQ(trailer[0].value, "sOO8/Q==");
}

TEST(AwsExamples, VersionTwoQuery) {
  SignedRequest request{"GET", "/photos/puppy.jpg",
                        "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&"
                        "Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"};
  request["Host"] = "johnsmith.s3.amazonaws.com";
  request.virtual_bucket = "johnsmith";
  EXPECT_EQ(Outcome(AuthenticateExample(request, "20070328T000000Z")), "ok");
  request.virtual_bucket = "janesmith";
  EXPECT_EQ(Outcome(AuthenticateExample(request, "20070328T000000Z")), "SignatureDoesNotMatch");
}

}  // namespace
}  // namespace mkv::s3
