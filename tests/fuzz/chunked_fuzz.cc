// Both chunked encodings of a body: HTTP's, and inside it aws-chunked. The first byte chooses, the
// second says in which pieces it comes; however it is cut, the outcome is the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/chunked_decoder.h"
#include "s3api/signature/aws_chunked.h"
#include "s3api/signature/refusal.h"

namespace {

using mkv::s3::PayloadHash;

constexpr std::uint64_t kLongest = 1 << 16;

struct Outcome {
  bool complete = false;
  std::string data;
  bool operator==(const Outcome&) const = default;
};

Outcome DecodeHttp(std::string bytes, std::size_t piece) {
  mkv::http::ChunkedDecoder decoder(kLongest);
  Outcome outcome;
  for (std::size_t begin = 0; begin < bytes.size() && !decoder.done();) {
    const std::size_t size = std::min(piece, bytes.size() - begin);
    char* const at = bytes.data() + begin;
    const auto progress = decoder.Decode({at, size}, {at, size});
    if (decoder.error_status() != 0) return outcome;
    outcome.data.append(at, progress.produced);
    begin += size;
  }
  outcome.complete = decoder.done();
  return outcome;
}

Outcome DecodeAws(std::string bytes, std::size_t piece, PayloadHash::Kind kind) {
  std::optional<mkv::s3::ChunkSigner> signer;
  const PayloadHash payload{.kind = kind};
  mkv::s3::AwsChunkedDecoder decoder(payload, signer, kLongest);
  Outcome outcome;
  try {
    for (std::size_t begin = 0; begin < bytes.size(); begin += piece) {
      const std::size_t size = std::min(piece, bytes.size() - begin);
      const std::size_t produced = decoder.Decode({bytes.data() + begin, size});
      outcome.data.append(bytes, begin, produced);
    }
    decoder.Finish();
    outcome.complete = true;
  } catch (const mkv::s3::PayloadError&) {
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t piece = data[1] + std::size_t{1};
  const auto decode = [&](std::size_t pieces) {
    switch (data[0] % 4) {
      case 0:
        return DecodeAws(bytes, pieces, PayloadHash::Kind::kStreamingSigned);
      case 1:
        return DecodeAws(bytes, pieces, PayloadHash::Kind::kStreamingSignedTrailer);
      case 2:
        return DecodeAws(bytes, pieces, PayloadHash::Kind::kStreamingUnsignedTrailer);
      default:
        return DecodeHttp(bytes, pieces);
    }
  };
  const Outcome whole = decode(std::max<std::size_t>(bytes.size(), 1));
  const Outcome cut = decode(piece);
  // One that fails may have given more or less of its data before.
  if (whole.complete != cut.complete || (whole.complete && whole != cut)) std::abort();
  return 0;
}
