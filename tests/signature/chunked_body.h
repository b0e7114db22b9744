// Bodies in the aws-chunked encoding, signed as a client would.
#ifndef TESTS_SIGNATURE_CHUNKED_BODY_H_
#define TESTS_SIGNATURE_CHUNKED_BODY_H_

#include <string>
#include <utility>
#include <vector>

#include "s3api/checksum/digest.h"
#include "s3api/signature/chunk_signer.h"
#include "s3api/signature/payload_hash.h"

namespace mkv::s3 {

inline ChunkSigner TestChunkSigner() {
  return ChunkSigner("signing key", "20130524T000000Z", "20130524/us-east-1/s3/aws4_request",
                     "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
}

// The trailer is left out where `kind` has none.
inline std::string ChunkedBody(
    PayloadHash::Kind kind, std::vector<std::string> chunks,
    const std::vector<std::pair<std::string, std::string>>& trailer = {}) {
  const PayloadHash payload{kind};
  ChunkSigner signer = TestChunkSigner();
  std::string body;
  chunks.emplace_back();
  for (const std::string& chunk : chunks) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string size;
    for (std::size_t left = chunk.size(); left > 0; left /= 16) {
      size.insert(0, 1, kDigits[left % 16]);
    }
    body += size.empty() ? "0" : size;
    if (payload.chunks_are_signed()) {
      body += ";chunk-signature=" + signer.SignChunk(Sha256Hex(chunk));
    }
    body += "\r\n" + chunk;
    if (!chunk.empty()) body += "\r\n";
  }
  if (payload.has_trailer()) {
    std::string lines;
    for (const auto& [name, value] : trailer) {
      body += name + ":" + value + "\r\n";
      lines += name + ":" + value + "\n";
    }
    if (payload.chunks_are_signed()) {
      body += "x-amz-trailer-signature:" + signer.SignTrailer(Sha256Hex(lines)) + "\r\n";
    }
  }
  return body + "\r\n";
}

}  // namespace mkv::s3

#endif  // TESTS_SIGNATURE_CHUNKED_BODY_H_
