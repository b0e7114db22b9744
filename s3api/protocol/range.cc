#include "s3api/protocol/range.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "s3api/protocol/error.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kUnit = "bytes=";

// Digits alone; a number too large for 64 bits lies past the end of everything.
std::optional<std::uint64_t> Number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() ? number : std::numeric_limits<std::uint64_t>::max();
}

[[noreturn]] void ThrowInvalidRange(std::string_view header, std::uint64_t size) {
  throw S3Error(ErrorCode::kInvalidRange)
      .With("RangeRequested", header)
      .With("ActualObjectSize", std::to_string(size))
      .Header("Content-Range", "bytes */" + std::to_string(size));
}

}  // namespace

std::string ByteRange::ContentRange(std::uint64_t size) const {
  return "bytes " + std::to_string(first) + '-' + std::to_string(last) + '/' + std::to_string(size);
}

std::optional<ByteRange> ParseRange(std::string_view header, std::uint64_t size) {
  header = Trim(header);
  // Range units are compared without regard to case (RFC 9110 section 14.1).
  if (!StartsWithIgnoringCase(header, kUnit)) return std::nullopt;
  const std::string_view range = Trim(header.substr(kUnit.size()));
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view before = Trim(range.substr(0, dash));
  const std::string_view after = Trim(range.substr(dash + 1));

  if (before.empty()) {
    const std::optional<std::uint64_t> suffix = Number(after);
    if (!suffix) return std::nullopt;
    if (*suffix == 0 || size == 0) ThrowInvalidRange(header, size);
    return ByteRange{size - std::min(*suffix, size), size - 1};
  }
  const std::optional<std::uint64_t> first = Number(before);
  const std::optional<std::uint64_t> last =
      after.empty() ? std::numeric_limits<std::uint64_t>::max() : Number(after);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= size) ThrowInvalidRange(header, size);
  return ByteRange{*first, std::min(*last, size - 1)};
}

ByteRange ParseCopySourceRange(std::string_view header, std::uint64_t size) {
  const std::string_view trimmed = Trim(header);
  const std::string_view range =
      trimmed.starts_with(kUnit) ? trimmed.substr(kUnit.size()) : std::string_view();
  const std::size_t dash = std::min(range.find('-'), range.size());
  const std::optional<std::uint64_t> first = Number(range.substr(0, dash));
  const std::optional<std::uint64_t> last =
      dash < range.size() ? Number(range.substr(dash + 1)) : std::nullopt;
  if (!first || !last || *last < *first) {
    throw InvalidArgumentError(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of the first and last bytes to copy",
        "x-amz-copy-source-range", header);
  }
  if (*last >= size) {
    throw InvalidArgumentError(
        "Range specified is not valid for source object of size: " + std::to_string(size),
        "x-amz-copy-source-range", header);
  }
  return {*first, *last};
}

}  // namespace mkv::s3
