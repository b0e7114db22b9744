#include "s3api/signature/chunk_signer.h"

#include <utility>

#include "s3api/checksum/digest_text.h"
#include "s3api/signature/hmac.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kSha256OfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

ChunkSigner::ChunkSigner(std::string signing_key, std::string timestamp, std::string scope,
                         std::string seed_signature)
    : signing_key_(std::move(signing_key)),
      timestamp_(std::move(timestamp)),
      scope_(std::move(scope)),
      previous_(std::move(seed_signature)) {}

std::string ChunkSigner::SignChunk(std::string_view data_sha256) {
  // The hash of nothing stands for the headers that a chunk might have one day.
  std::string hashes(kSha256OfNothing);
  hashes.append(1, '\n').append(data_sha256);
  return Sign("AWS4-HMAC-SHA256-PAYLOAD", hashes);
}

std::string ChunkSigner::SignTrailer(std::string_view trailer_sha256) {
  return Sign("AWS4-HMAC-SHA256-TRAILER", trailer_sha256);
}

std::string ChunkSigner::Sign(std::string_view algorithm, std::string_view hashes) {
  std::string string_to_sign(algorithm);
  for (const std::string_view line : {std::string_view(timestamp_), std::string_view(scope_),
                                      std::string_view(previous_), hashes}) {
    string_to_sign.append(1, '\n').append(line);
  }
  previous_ = Hex(HmacSha256(signing_key_, string_to_sign));
  return previous_;
}

}  // namespace mkv::s3
