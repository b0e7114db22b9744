// Takes `Transfer-Encoding: chunked` (RFC 9112 section 7.1) off a body, in pieces of any size.
//
// Strict: lines end in CRLF, sizes are hexadecimal digits alone. Chunk extensions are checked and
// skipped; trailer fields are kept. Not thread-safe.
#ifndef MKVCORE_HTTP_CHUNKED_DECODER_H_
#define MKVCORE_HTTP_CHUNKED_DECODER_H_

#include <Poco/Net/MessageHeader.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mkv::http {

class ChunkedDecoder {
 public:
  // Of all chunk extensions, and of all trailer fields, of one body.
  static constexpr std::size_t kMaxExtensionBytes = 8 << 10;
  static constexpr std::size_t kMaxTrailerBytes = 16 << 10;
  // As many as fit in 64 bits, leading zeros counted.
  static constexpr std::size_t kMaxSizeDigits = 16;

  struct Progress {
    std::size_t consumed = 0;  // of the input; what is left is for the next call or request
    std::size_t produced = 0;  // in the output
  };

  // A body of more than `max_body_bytes` is an error with status 413.
  explicit ChunkedDecoder(std::uint64_t max_body_bytes) : body_left_(max_body_bytes) {}

  // Decodes until the input is used up, the output is full, the body ends or an error is found. The
  // output may begin where the input does: it never overtakes it.
  Progress Decode(std::string_view input, std::span<char> output);

  bool done() const { return state_ == State::kDone; }
  // 0, or what to answer: 400 or 413. Then the decoder does not go on.
  int error_status() const { return error_status_; }
  const std::string& error() const { return error_; }

  // Complete once done().
  const Poco::Net::MessageHeader& trailers() const { return trailers_; }

 private:
  enum class State {
    kSizeStart,     // the first digit of a chunk size
    kSize,          // further digits
    kExtension,     // after the size, up to CR
    kSizeLineFeed,  // the LF that ends the size line
    kData,
    kDataReturn,  // the CRLF after a chunk's data
    kDataLineFeed,
    kTrailer,  // a trailer line, empty at the end
    kTrailerLineFeed,
    kDone,
    kError,
  };

  void Step(char c);
  void StepSize(char c);
  void StepExtension(char c);
  void EndSizeLine();
  void EndTrailerLine();
  void Expect(char c, char expected, State next);
  void Fail(int status, const char* message);

  State state_ = State::kSizeStart;
  std::uint64_t body_left_;  // how much more the body may bring
  std::uint64_t chunk_left_ = 0;
  std::size_t size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  bool extension_begun_ = false;  // a ';' was seen: before it only whitespace may stand
  std::string trailer_line_;
  Poco::Net::MessageHeader trailers_;
  int error_status_ = 0;
  std::string error_;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_CHUNKED_DECODER_H_
