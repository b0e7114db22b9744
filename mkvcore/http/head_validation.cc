#include "mkvcore/http/head_validation.h"

#include <algorithm>
#include <array>

namespace mkv::http {
namespace {

using ByteClass = std::array<bool, 256>;

constexpr ByteClass OneOf(std::string_view punctuation, bool letters_and_digits) {
  ByteClass members{};
  for (const char c : punctuation) members[static_cast<unsigned char>(c)] = true;
  if (letters_and_digits) {
    for (unsigned char c = '0'; c <= '9'; ++c) members[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) members[c] = true;
    for (unsigned char c = 'A'; c <= 'Z'; ++c) members[c] = true;
  }
  return members;
}

constexpr ByteClass VisibleAnd(std::string_view others) {
  ByteClass members = OneOf(others, false);
  for (unsigned c = 0x21; c <= 0xff; ++c) members[c] = c != 0x7f;
  return members;
}

constexpr ByteClass kTokenBytes = OneOf("!#$%&'*+-.^_`|~", true);
constexpr ByteClass kValueBytes = VisibleAnd(" \t");
constexpr ByteClass kTargetBytes = VisibleAnd("");
// unreserved, sub-delims, percent-encoding, IP literals and the port's colon (RFC 3986 3.2.2).
constexpr ByteClass kHostBytes = OneOf("-._~!$&'()*+,;=%[]:", true);

bool AllIn(const ByteClass& members, std::string_view text) {
  return std::ranges::all_of(text, [&](char c) { return members[static_cast<unsigned char>(c)]; });
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

HeadScan ScanHead(std::string_view bytes, std::size_t resume) {
  std::size_t line = resume;
  for (;;) {
    const std::size_t lf = bytes.find('\n', line);
    if (lf == std::string_view::npos) return {HeadScan::State::kIncomplete, 0, line};
    if (lf == 0 || bytes[lf - 1] != '\r') return {HeadScan::State::kMalformed, 0, 0};
    if (lf == line + 1) return {HeadScan::State::kComplete, lf + 1, 0};
    line = lf + 1;
  }
}

bool IsToken(std::string_view text) { return !text.empty() && AllIn(kTokenBytes, text); }

bool IsFieldValue(std::string_view text) { return AllIn(kValueBytes, text); }

bool IsTarget(std::string_view text) { return !text.empty() && AllIn(kTargetBytes, text); }

bool IsHost(std::string_view text) { return AllIn(kHostBytes, text); }

std::optional<FieldLine> ParseFieldLine(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && IsBlank(value.front())) value.remove_prefix(1);
  while (!value.empty() && IsBlank(value.back())) value.remove_suffix(1);
  if (!IsToken(name) || !IsFieldValue(value)) return std::nullopt;
  return FieldLine{name, value};
}

}  // namespace mkv::http
