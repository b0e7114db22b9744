#include "s3api/signature/aws_chunked.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "s3api/checksum/digest_text.h"
#include "s3api/signature/hmac.h"
#include "s3api/signature/refusal.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kChunkSignature = ";chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

bool IsControl(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 127; }

[[noreturn]] void ThrowMalformedChunk(const std::string& what) {
  throw PayloadError(IncompleteBody("The aws-chunked body is malformed: " + what));
}

[[noreturn]] void ThrowMalformedTrailer() {
  throw PayloadError({400, "MalformedTrailerError",
                      "The request contained trailing data that was not well-formed or did not "
                      "conform to our published schema."});
}

[[noreturn]] void ThrowWrongSignature() {
  throw PayloadError({403, "SignatureDoesNotMatch",
                      "The signature of a chunk that we calculated does not match the one you "
                      "provided. Check your key and signing method."});
}

[[noreturn]] void ThrowWrongLength() {
  throw PayloadError(
      IncompleteBody("You did not provide the number of bytes specified by the "
                     "x-amz-decoded-content-length HTTP header"));
}

}  // namespace

AwsChunkedDecoder::AwsChunkedDecoder(const PayloadHash& payload, std::optional<ChunkSigner> signer,
                                     std::uint64_t decoded_length, AwsChunkedLimits limits)
    : signed_(payload.chunks_are_signed()),
      has_trailer_(payload.has_trailer()),
      signer_(std::move(signer)),
      decoded_length_(decoded_length),
      limits_(limits) {}

std::size_t AwsChunkedDecoder::Decode(std::span<char> bytes) {
  std::span<const char> input = bytes;
  std::size_t produced = 0;
  while (!input.empty()) {
    switch (state_) {
      case State::kHeader:
        if (const auto line = TakeLine(input, limits_.chunk_header)) ReadHeader(*line);
        break;
      case State::kData: {
        const std::size_t size =
            static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size()));
        // Framing only ever shrinks, so the data never overtakes what is still to be read.
        std::memmove(bytes.data() + produced, input.data(), size);
        if (signer_) chunk_digest_.Update({bytes.data() + produced, size});
        produced += size;
        chunk_left_ -= size;
        input = input.subspan(size);
        if (chunk_left_ == 0) state_ = State::kDataEnd;
        break;
      }
      case State::kDataEnd:
        if (const auto line = TakeLine(input, 2)) {
          if (*line != "\r\n") ThrowMalformedChunk("no CRLF after a chunk");
          EndChunk();
        }
        break;
      case State::kTrailer:
        if (const auto line = TakeLine(input, limits_.trailer - trailer_bytes_)) {
          ReadTrailer(*line);
        }
        break;
      case State::kComplete:
        ThrowMalformedChunk("bytes after its end");
    }
  }
  return produced;
}

void AwsChunkedDecoder::Finish() const {
  if (state_ != State::kComplete) {
    throw PayloadError(IncompleteBody("The request body terminated unexpectedly"));
  }
}

std::optional<std::string> AwsChunkedDecoder::TakeLine(std::span<const char>& input,
                                                       std::size_t limit) {
  const std::string_view text(input.data(), input.size());
  const std::size_t lf = text.find('\n');
  const bool whole = lf != std::string_view::npos;
  const std::size_t size = whole ? lf + 1 : text.size();
  if (line_.size() + size > limit) {
    if (state_ == State::kTrailer) ThrowMalformedTrailer();
    ThrowMalformedChunk("a line is too long");
  }
  line_.append(text.substr(0, size));
  input = input.subspan(size);
  if (!whole) return std::nullopt;
  return std::exchange(line_, {});
}

void AwsChunkedDecoder::ReadHeader(std::string_view line) {
  if (!line.ends_with("\r\n")) ThrowMalformedChunk("a chunk header ends without CRLF");
  line.remove_suffix(2);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const std::string_view extension = line.substr(static_cast<std::size_t>(end - line.data()));
  if (error != std::errc()) ThrowMalformedChunk("a chunk has no size");
  if (size > limits_.chunk) {
    throw PayloadError({400, "InvalidChunkSizeError",
                        "A chunk has more than " + std::to_string(limits_.chunk) + " bytes"});
  }
  if (signed_) {
    if (!extension.starts_with(kChunkSignature)) ThrowMalformedChunk("a chunk has no signature");
    chunk_signature_ = extension.substr(kChunkSignature.size());
  } else if (!extension.empty() && !extension.starts_with(';')) {
    ThrowMalformedChunk("a chunk size is no number");
  }
  if (size > decoded_length_ - decoded_) ThrowWrongLength();
  decoded_ += size;
  chunk_left_ = size;
  if (size > 0) {
    state_ = State::kData;
    return;
  }
  if (decoded_ != decoded_length_) ThrowWrongLength();
  last_chunk_ = true;
  EndChunk();
}

void AwsChunkedDecoder::EndChunk() {
  if (signer_) {
    const std::string expected = signer_->SignChunk(Hex(chunk_digest_.Finish()));
    if (!ConstantTimeEqual(expected, chunk_signature_)) ThrowWrongSignature();
  }
  state_ = last_chunk_ ? State::kTrailer : State::kHeader;
}

void AwsChunkedDecoder::ReadTrailer(std::string_view line) {
  trailer_bytes_ += line.size();
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    if (!signed_ || !has_trailer_ || trailer_signed_) state_ = State::kComplete;
    return;
  }
  const std::size_t colon = line.find(':');
  const bool is_field = colon != std::string_view::npos && colon > 0 &&
                        std::none_of(line.begin(), line.end(), IsControl);
  if (!has_trailer_ || trailer_signed_ || !is_field) ThrowMalformedTrailer();
  TrailerField field{LowerCase(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))};
  if (signed_ && field.name == kTrailerSignature) {
    VerifyTrailer(field.value);
    trailer_signed_ = true;
  } else {
    trailer_.push_back(std::move(field));
  }
}

void AwsChunkedDecoder::VerifyTrailer(std::string_view signature) {
  if (!signer_) return;
  std::string lines;
  for (const TrailerField& field : trailer_) {
    lines.append(field.name).append(1, ':').append(field.value).append(1, '\n');
  }
  if (!ConstantTimeEqual(signer_->SignTrailer(Sha256Hex(lines)), signature)) ThrowWrongSignature();
}

}  // namespace mkv::s3
