#include "s3api/protocol/etag.h"

#include <charconv>

#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::size_t kMd5Bytes = 16;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

void AppendHex(std::string_view bytes, std::string& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text.reserve(text.size() + 2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
}

}  // namespace

std::string ETagOf(const format::ObjectMetadata& metadata, std::string_view hash) {
  std::string etag;
  AssignETag(metadata, hash, etag);
  return etag;
}

void AssignETag(const format::ObjectMetadata& metadata, std::string_view hash, std::string& etag) {
  etag.clear();
  if (!metadata.etag().empty()) {
    etag = metadata.etag();
  } else if (metadata.md5().size() == kMd5Bytes) {
    AppendHex(metadata.md5(), etag);
  } else if (!hash.empty()) {
    etag = hash;
  } else {
    etag = std::to_string(metadata.mtime_us() / kMicrosPerSecond);
    etag.append(1, '-').append(std::to_string(metadata.size()));
  }
}

std::string QuoteETag(std::string_view etag) {
  std::string quoted;
  quoted.reserve(etag.size() + 2);
  return quoted.append(1, '"').append(etag).append(1, '"');
}

std::string_view UnquoteETag(std::string_view text) {
  text = Trim(text);
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace mkv::s3
