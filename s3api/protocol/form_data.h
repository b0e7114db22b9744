// A multipart/form-data body as a browser sends it: fields first, then the file, which is streamed.
//
// What comes after the file is passed over, as S3 does. Memory does not grow with the file.
//
// Source: RFC 7578; RFC 2046 section 5.1; "POST Object", Amazon S3 API Reference. One thread. The
// body outlives the form.
#ifndef S3API_PROTOCOL_FORM_DATA_H_
#define S3API_PROTOCOL_FORM_DATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkvcore/volumes/source.h"

namespace mkv::s3 {

// Of all that precedes the content of the file, the boundaries and headers included.
inline constexpr std::size_t kMaxFormFields = 20 << 10;
inline constexpr std::size_t kMaxBoundary = 70;  // RFC 2046

// The boundary that a Content-Type header names. Throws MalformedPOSTRequest.
std::string FormBoundary(const std::string& content_type);

// The file of the form, once its fields are read.
class FormData : public Source {
 public:
  // Blocks until the fields are read. Throws S3Error: MalformedPOSTRequest for what is no form,
  // MaxPostPreDataLengthExceeded, InvalidArgument for a form without a file; and what the body
  // throws.
  FormData(Source& body, std::string_view boundary);

  FormData(const FormData&) = delete;
  FormData& operator=(const FormData&) = delete;

  // As sent, in order, without the file.
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  // As the browser tells it: the last segment of a path, with `/` or `\` between. May be empty.
  const std::string& file_name() const { return file_name_; }

  // Bytes of the file outside [least, most] are EntityTooSmall or EntityTooLarge, as soon as that
  // is certain.
  void Limit(std::uint64_t least, std::uint64_t most);

  // The bytes of the file. A body that ends inside it is IncompleteBody.
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Chunk Read(std::span<char> buffer) override;
  int poll_fd() const override { return body_.poll_fd(); }
  short poll_events() const override { return body_.poll_events(); }

 private:
  void ReadFields();
  void ReadPart();
  // More of the body at the end of held_. False at its end.
  bool ReadMore();
  // The text up to `end`, which is taken away too; blocks.
  std::string TakeUntil(std::string_view end);
  Chunk TakeFile(std::span<char> buffer, std::size_t available);

  Source& body_;
  const std::string delimiter_;  // CRLF, two dashes, the boundary
  std::vector<std::pair<std::string, std::string>> fields_;
  std::string file_name_;
  bool in_file_ = false;

  std::string held_;  // of the body: read and not yet taken, from position_ on
  std::size_t position_ = 0;
  std::size_t before_file_ = 0;  // bytes read so far, until the file begins
  bool body_ended_ = false;
  bool file_ended_ = false;

  std::uint64_t taken_ = 0;  // of the file
  std::uint64_t least_ = 0;
  std::uint64_t most_ = UINT64_MAX;
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_FORM_DATA_H_
