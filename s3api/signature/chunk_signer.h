// The chain of signatures in a STREAMING-AWS4-HMAC-SHA256-PAYLOAD body: each covers the one before
// it, the first that of the request's head (the seed).
//
// Source: "Signature calculations for the Authorization header: Transferring payload in multiple
// chunks (chunked upload)" and "... Including trailing headers", Amazon S3 API Reference.
// A value; one thread at a time.
#ifndef S3API_SIGNATURE_CHUNK_SIGNER_H_
#define S3API_SIGNATURE_CHUNK_SIGNER_H_

#include <string>
#include <string_view>

namespace mkv::s3 {

class ChunkSigner {
 public:
  // `timestamp` as in x-amz-date; `scope` is `20130524/us-east-1/s3/aws4_request`; `seed_signature`
  // in hex.
  ChunkSigner(std::string signing_key, std::string timestamp, std::string scope,
              std::string seed_signature);

  // The signature in hex of the next chunk, from the SHA-256 of its data in hex; of the trailer,
  // from that of its `name:value\n` lines. The chain moves on to it.
  std::string SignChunk(std::string_view data_sha256);
  std::string SignTrailer(std::string_view trailer_sha256);

 private:
  std::string Sign(std::string_view algorithm, std::string_view hashes);

  std::string signing_key_;
  std::string timestamp_;
  std::string scope_;
  std::string previous_;
};

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_CHUNK_SIGNER_H_
