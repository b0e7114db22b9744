#include "s3api/signature/canonical.h"

#include <algorithm>
#include <utility>

namespace mkv::s3 {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string UriEncode(std::string_view bytes, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 4);
  for (const char c : bytes) {
    if (IsUnreserved(c) || (c == '/' && slash == Slash::kKept)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string PercentDecode(std::string_view text, Plus plus) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        bytes += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    bytes += text[i] == '+' && plus == Plus::kSpace ? ' ' : text[i];
  }
  return bytes;
}

std::string CanonicalUri(std::string_view path) {
  if (path.empty()) return "/";
  return UriEncode(PercentDecode(path, Plus::kPlus), Slash::kKept);
}

std::vector<QueryParameter> DecodeQuery(std::string_view query) {
  std::vector<QueryParameter> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (piece.empty()) continue;
    const std::size_t equals = piece.find('=');
    const bool has_value = equals != std::string_view::npos;
    parameters.push_back(
        {PercentDecode(piece.substr(0, equals), Plus::kSpace),
         has_value ? PercentDecode(piece.substr(equals + 1), Plus::kSpace) : std::string(),
         has_value});
  }
  return parameters;
}

std::optional<std::string_view> Find(std::span<const QueryParameter> query, std::string_view name) {
  for (const QueryParameter& parameter : query) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

std::string CanonicalQuery(std::span<const QueryParameter> query, std::string_view except) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(query.size());
  for (const QueryParameter& parameter : query) {
    if (!except.empty() && parameter.name == except) continue;
    encoded.emplace_back(UriEncode(parameter.name, Slash::kEncoded),
                         UriEncode(parameter.value, Slash::kEncoded));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text.append(name).append(1, '=').append(value);
  }
  return text;
}

std::string CanonicalHeaderValue(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  bool pending_space = false;
  for (const char c : Trim(value)) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      pending_space = true;
      continue;
    }
    if (pending_space) text += ' ';
    pending_space = false;
    text += c;
  }
  return text;
}

std::string CanonicalHeaders(const RequestView& request,
                             std::span<const std::string> signed_headers) {
  std::string text;
  for (const std::string& name : signed_headers) {
    text.append(name).append(1, ':');
    bool first = true;
    for (const HeaderField& field : request.headers) {
      if (!EqualsIgnoringCase(field.name, name)) continue;
      if (!first) text += ',';
      first = false;
      text += CanonicalHeaderValue(field.value);
    }
    text += '\n';
  }
  return text;
}

std::string CanonicalRequest(const RequestView& request, std::string_view canonical_query,
                             std::span<const std::string> signed_headers,
                             std::string_view payload_hash) {
  std::string text;
  text.append(request.method).append(1, '\n');
  text.append(CanonicalUri(request.path)).append(1, '\n');
  text.append(canonical_query).append(1, '\n');
  text.append(CanonicalHeaders(request, signed_headers)).append(1, '\n');
  for (std::size_t i = 0; i < signed_headers.size(); ++i) {
    if (i > 0) text += ';';
    text += signed_headers[i];
  }
  text.append(1, '\n').append(payload_hash);
  return text;
}

}  // namespace mkv::s3
