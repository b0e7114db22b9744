// Decodes the aws-chunked content encoding, the framing of the STREAMING-... payloads:
//
//   10000;chunk-signature=<64 hex digits>\r\n<65536 bytes>\r\n   ... (unsigned: without the
//   extension) 0;chunk-signature=<64 hex digits>\r\n x-amz-checksum-crc32c:sOO8/Q==\r\n (-TRAILER
//   only) x-amz-trailer-signature:<64 hex digits>\r\n                  (signed -TRAILER only) \r\n
//
// Source: as chunk_signer.h. Where clients differ from the published examples we follow both: the
// lines of a trailer may end in a bare LF, and an empty line may precede x-amz-trailer-signature
// (minio-go writes both). S3's rule that all chunks but the last have 8 KiB or more is not
// enforced.
//
// Bytes are handed on before the signature of their chunk has been seen, so that a chunk of any
// size passes through fixed memory: what was decoded counts only once Finish() has returned.
//
// One thread at a time. Every failure is a PayloadError; after one, the decoder is of no more use.
#ifndef S3API_SIGNATURE_AWS_CHUNKED_H_
#define S3API_SIGNATURE_AWS_CHUNKED_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "s3api/checksum/digest.h"
#include "s3api/signature/chunk_signer.h"
#include "s3api/signature/payload_hash.h"

namespace mkv::s3 {

struct AwsChunkedLimits {
  std::size_t chunk_header = 256;                // bytes of a `size;chunk-signature=` line
  std::uint64_t chunk = std::uint64_t{5} << 30;  // bytes of data in one chunk: a PUT of 5 GiB
  std::size_t trailer = 8192;                    // bytes of all trailer lines
};

class AwsChunkedDecoder {
 public:
  struct TrailerField {
    std::string name;  // lower case
    std::string value;
  };

  // `payload` must be streaming(). Without a `signer` the signatures of signed chunks must be there
  // but may be anything: a server without credentials accepts any. `decoded_length` is
  // x-amz-decoded-content-length.
  AwsChunkedDecoder(const PayloadHash& payload, std::optional<ChunkSigner> signer,
                    std::uint64_t decoded_length, AwsChunkedLimits limits = {});

  // Takes the next bytes of the body, split anywhere, and decodes them in place: returns how many
  // bytes of data now stand at the front of `bytes`.
  std::size_t Decode(std::span<char> bytes);

  // The body has ended. Throws when its encoding has not.
  void Finish() const;

  // The trailer without its signature, which has been verified; complete after Finish().
  const std::vector<TrailerField>& trailer() const { return trailer_; }

 private:
  enum class State { kHeader, kData, kDataEnd, kTrailer, kComplete };

  // Moves bytes to line_ up to and with a LF. The line when it is whole, with its line end; a line
  // longer than `limit` is malformed.
  std::optional<std::string> TakeLine(std::span<const char>& input, std::size_t limit);
  void ReadHeader(std::string_view line);
  void EndChunk();
  void ReadTrailer(std::string_view line);
  void VerifyTrailer(std::string_view signature);

  const bool signed_;
  const bool has_trailer_;
  std::optional<ChunkSigner> signer_;
  const std::uint64_t decoded_length_;
  const AwsChunkedLimits limits_;

  State state_ = State::kHeader;
  std::string line_;              // the beginning of one whose end has not come yet
  std::uint64_t decoded_ = 0;     // data bytes announced by the headers so far
  std::uint64_t chunk_left_ = 0;  // data bytes of the current chunk still to come
  bool last_chunk_ = false;
  std::string chunk_signature_;
  Digest chunk_digest_{Digest::Kind::kSha256};
  std::vector<TrailerField> trailer_;
  std::size_t trailer_bytes_ = 0;
  bool trailer_signed_ = false;  // its signature has been seen
};

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_AWS_CHUNKED_H_
