#include "s3api/protocol/etag.h"

#include "s3api/checksum/digest_text.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::size_t kMd5Bytes = 16;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

}  // namespace

std::string ETagOf(const format::ObjectMetadata& metadata, std::string_view hash) {
  if (!metadata.etag().empty()) return metadata.etag();
  if (metadata.md5().size() == kMd5Bytes) return Hex(metadata.md5());
  if (!hash.empty()) return std::string(hash);
  return std::to_string(metadata.mtime_us() / kMicrosPerSecond) + "-" +
         std::to_string(metadata.size());
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
