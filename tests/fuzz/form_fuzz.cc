// A multipart/form-data body with the boundary B, in pieces of as many bytes as the first byte
// says, and the policy in it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mkvcore/volumes/source.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/form_data.h"
#include "s3api/protocol/form_policy.h"

namespace {

class Pieces : public mkv::Source {
 public:
  Pieces(std::string_view text, std::size_t piece) : text_(text), piece_(piece) {}
  std::optional<std::uint64_t> size() const override { return text_.size(); }
  Chunk Read(std::span<char> buffer) override {
    const std::size_t bytes = std::min({piece_, buffer.size(), text_.size()});
    if (bytes == 0) return {State::kEnd};
    std::copy_n(text_.begin(), bytes, buffer.begin());
    text_.remove_prefix(bytes);
    return {State::kData, bytes};
  }

 private:
  std::string_view text_;
  std::size_t piece_;
};

std::optional<std::string> FileOf(std::string_view body, std::size_t piece) {
  try {
    Pieces source(body, piece);
    mkv::s3::FormData form(source, "B");
    mkv::s3::FormFields fields;
    for (const auto& [name, value] : form.fields()) fields[name] = value;
    if (const auto policy = fields.find("policy"); policy != fields.end()) {
      try {
        mkv::s3::CheckFormPolicy(policy->second, fields, 1'700'000'000'000'000);
      } catch (const mkv::s3::S3Error&) {
      }
    }
    std::string file;
    std::array<char, 64> buffer;
    while (true) {
      const auto chunk = form.Read(buffer);
      if (chunk.state == mkv::Source::State::kEnd) return file;
      file.append(buffer.data(), chunk.bytes);
    }
  } catch (const mkv::s3::S3Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    mkv::s3::FormBoundary(std::string(text.substr(0, 200)));
  } catch (const mkv::s3::S3Error&) {
  }
  // However it is cut, the file is the same.
  if (FileOf(text, text.size() + 1) != FileOf(text, data[0] + std::size_t{1})) std::abort();
  return 0;
}
