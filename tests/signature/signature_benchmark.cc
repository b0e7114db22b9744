// What verification costs: checksums by the byte, signatures by the request.
#include <benchmark/benchmark.h>

#include <string>

#include "s3api/checksum/checksum.h"
#include "s3api/signature/aws_chunked.h"
#include "tests/signature/chunked_body.h"
#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

void Processed(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void BM_Checksum(benchmark::State& state, ChecksumAlgorithm algorithm) {
  const std::string bytes(1 << 16, 'x');
  Checksum checksum(algorithm);
  for (auto _ : state) checksum.Update(bytes);
  benchmark::DoNotOptimize(checksum.Finish());
  Processed(state, bytes.size());
}
BENCHMARK_CAPTURE(BM_Checksum, CRC32, ChecksumAlgorithm::kCrc32);
BENCHMARK_CAPTURE(BM_Checksum, CRC32C, ChecksumAlgorithm::kCrc32c);
BENCHMARK_CAPTURE(BM_Checksum, CRC64NVME, ChecksumAlgorithm::kCrc64Nvme);
BENCHMARK_CAPTURE(BM_Checksum, SHA1, ChecksumAlgorithm::kSha1);
BENCHMARK_CAPTURE(BM_Checksum, SHA256, ChecksumAlgorithm::kSha256);

void BM_Md5(benchmark::State& state) {
  const std::string bytes(1 << 16, 'x');
  Digest md5(Digest::Kind::kMd5);
  for (auto _ : state) md5.Update(bytes);
  Processed(state, bytes.size());
}
BENCHMARK(BM_Md5);

void BM_AwsChunkedSigned(benchmark::State& state) {
  const std::size_t size = 1 << 20;
  const std::vector<std::string> chunks(16, std::string(1 << 16, 'x'));
  const PayloadHash payload{PayloadHash::Kind::kStreamingSigned};
  const std::string body = ChunkedBody(payload.kind, chunks);
  for (auto _ : state) {
    std::string copy = body;
    AwsChunkedDecoder decoder(payload, TestChunkSigner(), size);
    benchmark::DoNotOptimize(decoder.Decode(copy));
    decoder.Finish();
  }
  Processed(state, size);
}
BENCHMARK(BM_AwsChunkedSigned);

// A GET as SDKs send it. `kept`: the signing key of the day is known already.
void BM_Authenticate(benchmark::State& state, bool kept) {
  SignedRequest request{"GET", "/bucket/some/folder/object%20name.bin", "x-id=GetObject"};
  request["Host"] = "localhost:3000";
  request["x-amz-date"] = kExampleTime;
  request["x-amz-content-sha256"] = kUnsignedPayload;
  request["User-Agent"] = "Boto3/1.26.27 Python/3.11.2 Linux/6.1.0 Botocore/1.29.27";
  request.Sign({"user-agent"});
  Authenticator authenticator({.signing_keys = kept ? 10u : 0u});
  for (auto _ : state) {
    const auto result = authenticator.Authenticate(request.View(), request.Parameters(),
                                                   ExampleSecret, At(kExampleTime));
    if (!std::holds_alternative<Signer>(result)) state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(BM_Authenticate, key_kept, true);
BENCHMARK_CAPTURE(BM_Authenticate, key_derived, false);

}  // namespace
}  // namespace mkv::s3
