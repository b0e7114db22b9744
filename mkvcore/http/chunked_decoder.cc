#include "mkvcore/http/chunked_decoder.h"

#include <algorithm>
#include <cstring>

#include "mkvcore/http/head_validation.h"

namespace mkv::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkedDecoder::Progress ChunkedDecoder::Decode(std::string_view input, std::span<char> output) {
  Progress progress;
  while (progress.consumed < input.size() && state_ != State::kDone && state_ != State::kError) {
    if (state_ != State::kData) {
      Step(input[progress.consumed++]);
      continue;
    }
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(
        {chunk_left_, input.size() - progress.consumed, output.size() - progress.produced}));
    if (bytes == 0) break;
    std::memmove(output.data() + progress.produced, input.data() + progress.consumed, bytes);
    progress.consumed += bytes;
    progress.produced += bytes;
    chunk_left_ -= bytes;
    if (chunk_left_ == 0) state_ = State::kDataReturn;
  }
  return progress;
}

void ChunkedDecoder::Step(char c) {
  switch (state_) {
    case State::kSizeStart:
    case State::kSize:
      StepSize(c);
      break;
    case State::kExtension:
      StepExtension(c);
      break;
    case State::kSizeLineFeed:
      if (c == '\n') {
        EndSizeLine();
      } else {
        Fail(400, "chunk size line without CRLF");
      }
      break;
    case State::kDataReturn:
      Expect(c, '\r', State::kDataLineFeed);
      break;
    case State::kDataLineFeed:
      Expect(c, '\n', State::kSizeStart);
      break;
    case State::kTrailer:
      if (c == '\r') {
        state_ = State::kTrailerLineFeed;
      } else if (++trailer_bytes_ > kMaxTrailerBytes) {
        Fail(400, "trailer section too large");
      } else {
        trailer_line_.push_back(c);
      }
      break;
    case State::kTrailerLineFeed:
      if (c == '\n') {
        EndTrailerLine();
      } else {
        Fail(400, "malformed trailer");
      }
      break;
    case State::kData:
    case State::kDone:
    case State::kError:
      break;
  }
}

void ChunkedDecoder::StepSize(char c) {
  if (const int digit = HexDigit(c); digit >= 0) {
    if (++size_digits_ > kMaxSizeDigits) {
      Fail(400, "chunk size too large");
      return;
    }
    chunk_left_ = chunk_left_ * 16 + static_cast<unsigned>(digit);
    state_ = State::kSize;
  } else if (state_ == State::kSizeStart) {
    Fail(400, "malformed chunk size");
  } else if (c == '\r') {
    state_ = State::kSizeLineFeed;
  } else {
    extension_begun_ = false;
    state_ = State::kExtension;
    StepExtension(c);
  }
}

void ChunkedDecoder::StepExtension(char c) {
  if (c == '\r' && extension_begun_) {
    state_ = State::kSizeLineFeed;
  } else if (++extension_bytes_ > kMaxExtensionBytes) {
    Fail(400, "chunk extensions too large");
  } else if (c == ';') {
    extension_begun_ = true;
  } else if (!IsFieldValue(std::string_view(&c, 1)) ||
             (!extension_begun_ && c != ' ' && c != '\t')) {
    Fail(400, "malformed chunk extension");
  }
}

void ChunkedDecoder::EndSizeLine() {
  size_digits_ = 0;
  if (chunk_left_ == 0) {
    state_ = State::kTrailer;
  } else if (chunk_left_ > body_left_) {
    Fail(413, "the body is larger than this server takes");
  } else {
    body_left_ -= chunk_left_;
    state_ = State::kData;
  }
}

void ChunkedDecoder::EndTrailerLine() {
  if (trailer_line_.empty()) {
    state_ = State::kDone;
    return;
  }
  const auto field = ParseFieldLine(trailer_line_);
  if (!field) {
    Fail(400, "malformed trailer");
    return;
  }
  trailers_.add(std::string(field->name), std::string(field->value));
  trailer_line_.clear();
  state_ = State::kTrailer;
}

void ChunkedDecoder::Expect(char c, char expected, State next) {
  if (c == expected) {
    state_ = next;
  } else {
    Fail(400, "chunk data without CRLF after it");
  }
}

void ChunkedDecoder::Fail(int status, const char* message) {
  state_ = State::kError;
  error_status_ = status;
  error_ = message;
}

}  // namespace mkv::http
