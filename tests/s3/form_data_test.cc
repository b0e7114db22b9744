#include "s3api/protocol/form_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

// Delivers a text in pieces of one size, with a kWouldBlock before each.
class Pieces : public Source {
 public:
  Pieces(std::string text, std::size_t size) : text_(std::move(text)), size_(size) {}
  std::optional<std::uint64_t> size() const override { return text_.size(); }
  Chunk Read(std::span<char> buffer) override {
    waited_ = !waited_;
    if (waited_) return {State::kWouldBlock};
    const std::size_t bytes = std::min({size_, buffer.size(), text_.size() - position_});
    if (bytes == 0) return {State::kEnd};
    std::memcpy(buffer.data(), text_.data() + position_, bytes);
    position_ += bytes;
    return {State::kData, bytes};
  }
  // Readable at once, always: the end of a regular file.
  int poll_fd() const override { return 0; }
  short poll_events() const override { return 4 /* POLLOUT */; }

 private:
  const std::string text_;
  const std::size_t size_;
  std::size_t position_ = 0;
  bool waited_ = false;
};

std::string ReadFile(FormData& form, std::size_t buffer_size = 64) {
  std::string content;
  std::string buffer(buffer_size, '\0');
  while (true) {
    const Source::Chunk chunk = form.Read(buffer);
    if (chunk.state == Source::State::kEnd) return content;
    if (chunk.state == Source::State::kData) content.append(buffer, 0, chunk.bytes);
  }
}

std::string Part(const std::string& name, const std::string& value) {
  return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

std::string FilePart(const std::string& content, const std::string& file_name = "f.txt") {
  return "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + file_name +
         "\"\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n";
}

std::string FormProblem(const std::string& text) {
  try {
    Pieces body(text, 1000);
    FormData form(body, "B");
    ReadFile(form);
  } catch (const S3Error& error) {
    return error.code();
  }
  return "ok";
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html: of a path, what follows
// the last slash or backslash.
TEST(FormDataTest, OfThePathOfAFileItsNameIsLeft) {
  const auto name_of = [](const std::string& file_name) {
    Pieces body(FilePart("x", file_name) + "--B--\r\n", 1000);
    return FormData(body, "B").file_name();
  };
  EXPECT_EQ(name_of("f.txt"), "f.txt");
  EXPECT_EQ(name_of("/home/me/a b.txt"), "a b.txt");
  EXPECT_EQ(name_of("C:\\dir\\a b.txt"), "a b.txt");
  EXPECT_EQ(name_of("a\\\"b\\\".txt"), "a\"b\".txt");
}

TEST(FormDataTest, FieldsAndFileAreTheSameHoweverTheBodyIsSplit) {
  // Much that looks like the delimiter and is none.
  const std::string content = "\r\n--\r\n--C--B\r\n-\r\r\n--\r\n-B\n--B\r\n\r\n--";
  const std::string text = Part("key", "a b") + Part("Policy", "line\r\nline") + Part("empty", "") +
                           FilePart(content) + Part("later", "ignored") + "--B--\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Pieces body(text, size);
    FormData form(body, "B");
    const std::vector<std::pair<std::string, std::string>> fields = {
        {"key", "a b"}, {"Policy", "line\r\nline"}, {"empty", ""}};
    EXPECT_EQ(form.fields(), fields);
    EXPECT_EQ(form.file_name(), "f.txt");
    ASSERT_EQ(ReadFile(form, 1 + size % 9), content) << size;
  }
}

TEST(FormDataTest, TheFileMayBeEmpty) {
  Pieces body(Part("key", "k") + FilePart("") + "--B--", 3);
  FormData form(body, "B");
  EXPECT_EQ(ReadFile(form), "");
}

TEST(FormDataTest, OfAPathTheFileNameIsTheLastSegment) {
  for (const char* path : {"/home/a/f.txt", "C:/a/f.txt", "f.txt"}) {
    Pieces body(FilePart("x", path) + "--B--", 100);
    EXPECT_EQ(FormData(body, "B").file_name(), "f.txt") << path;
  }
}

TEST(FormDataTest, WhatIsNoFormIsMalformed) {
  EXPECT_EQ(FormProblem(""), "MalformedPOSTRequest");
  EXPECT_EQ(FormProblem("--C\r\n"), "MalformedPOSTRequest");
  EXPECT_EQ(FormProblem(Part("key", "k")), "MalformedPOSTRequest");
  EXPECT_EQ(FormProblem(Part("key", "k") + "--Bx\r\n"), "MalformedPOSTRequest");
  EXPECT_EQ(FormProblem("--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--"),
            "MalformedPOSTRequest");
  EXPECT_EQ(FormProblem("--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--"),
            "MalformedPOSTRequest");
  EXPECT_EQ(FormProblem(Part("key", "k") + "--B--\r\n"), "InvalidArgument");
  EXPECT_EQ(FormProblem(FilePart("cut off")), "IncompleteBody");
}

TEST(FormDataTest, FieldsHaveALimitAndTheFileHasNone) {
  const std::string file(4 * kMaxFormFields, 'x');
  EXPECT_EQ(
      FormProblem(Part("a", std::string(kMaxFormFields - 200, 'x')) + FilePart(file) + "--B--"),
      "ok");
  EXPECT_EQ(FormProblem(Part("a", std::string(kMaxFormFields, 'x')) + FilePart("") + "--B--"),
            "MaxPostPreDataLengthExceeded");
  std::string many;
  while (many.size() < kMaxFormFields) many += Part("a", "");
  EXPECT_EQ(FormProblem(many + FilePart("") + "--B--"), "MaxPostPreDataLengthExceeded");
  EXPECT_EQ(FormProblem(std::string(kMaxFormFields + 1, 'x') + "\r\n" + FilePart("") + "--B--"),
            "MaxPostPreDataLengthExceeded");
}

TEST(FormDataTest, TheSizeOfTheFileIsHeldToItsLimits) {
  const auto read = [](std::size_t size) -> std::string {
    Pieces body(FilePart(std::string(size, 'x')) + "--B--", 7);
    FormData form(body, "B");
    form.Limit(3, 5);
    try {
      ReadFile(form);
    } catch (const S3Error& error) {
      return error.code();
    }
    return "ok";
  };
  EXPECT_EQ(read(2), "EntityTooSmall");
  EXPECT_EQ(read(3), "ok");
  EXPECT_EQ(read(5), "ok");
  EXPECT_EQ(read(6), "EntityTooLarge");
}

TEST(FormDataTest, TheBoundaryIsInTheContentType) {
  EXPECT_EQ(FormBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(FormBoundary("Multipart/Form-Data; charset=x; boundary=\"a b\""), "a b");
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/mixed; boundary=a"),
        "multipart/form-data; boundary=" + std::string(kMaxBoundary + 1, 'a')}) {
    EXPECT_THROW(FormBoundary(type), S3Error) << type;
  }
}

}  // namespace
}  // namespace mkv::s3
