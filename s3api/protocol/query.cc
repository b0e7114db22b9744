#include "s3api/protocol/query.h"

#include <algorithm>
#include <charconv>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

std::optional<std::int32_t> ToNumber(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

int Query::Count(std::string_view name, int absent, int most) const {
  const std::string_view text = Text(name);
  if (text.empty()) return absent;
  const std::optional<std::int32_t> number = ToNumber(text);
  if (!number) {
    throw InvalidArgumentError(
        "Provided " + std::string(name) + " not an integer or within integer range", name, text);
  }
  if (*number < 0) {
    throw InvalidArgumentError(
        "Argument " + std::string(name) + " must be an integer between 0 and 2147483647", name,
        text);
  }
  return std::min(*number, most);
}

std::optional<int> Query::Number(std::string_view name, int least, int most,
                                 std::string_view message) const {
  const std::optional<std::string_view> text = Get(name);
  if (!text) return std::nullopt;
  const std::optional<std::int32_t> number = ToNumber(*text);
  if (!number || *number < least || *number > most) {
    throw InvalidArgumentError(message, name, *text);
  }
  return *number;
}

bool Query::UrlEncoding() const {
  const std::optional<std::string_view> encoding = Get("encoding-type");
  if (!encoding) return false;
  if (*encoding != "url") {
    throw InvalidArgumentError("Invalid Encoding Method specified in Request", "encoding-type",
                               *encoding);
  }
  return true;
}

}  // namespace mkv::s3
