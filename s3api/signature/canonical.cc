#include "s3api/signature/canonical.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mkv::s3 {
namespace {

constexpr std::string_view kUnreserved =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

// A table, since every byte of every signed query is looked up in it.
constexpr std::array<bool, 256> kIsUnreserved = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : kUnreserved) table[c] = true;
  return table;
}();

bool IsUnreserved(char c) { return kIsUnreserved[static_cast<unsigned char>(c)]; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of most queries: a presigned one has six, and a few of its own.
constexpr std::size_t kExpectedParameters = 10;

template <typename Visit>
void ForEachPiece(std::string_view query, const Visit& visit) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (end > 0) visit(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

}  // namespace

std::string UriEncode(std::string_view bytes, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 4);
  const auto is_encoded = [slash](char c) {
    return !IsUnreserved(c) && (c != '/' || slash == Slash::kEncoded);
  };
  // From one byte that is encoded to the next: most are not.
  for (auto at = bytes.begin(); at != bytes.end();) {
    const auto end = std::find_if(at, bytes.end(), is_encoded);
    text.append(std::string_view(at, end));
    if (end == bytes.end()) break;
    const auto byte = static_cast<unsigned char>(*end);
    text += '%';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
    at = end + 1;
  }
  return text;
}

std::string PercentDecode(std::string_view text, Plus plus) {
  const auto is_special = [plus](char c) { return c == '%' || (c == '+' && plus == Plus::kSpace); };
  std::string bytes;
  bytes.reserve(text.size());
  // From one byte that stands for another to the next: most stand for themselves.
  while (true) {
    const auto end = std::find_if(text.begin(), text.end(), is_special);
    bytes.append(std::string_view(text.begin(), end));
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (text.empty()) return bytes;
    const int high = text.size() > 2 ? HexDigit(text[1]) : -1;
    const int low = text.size() > 2 ? HexDigit(text[2]) : -1;
    if (text.front() == '%' && high >= 0 && low >= 0) {
      bytes += static_cast<char>(high * 16 + low);
      text.remove_prefix(3);
    } else {
      bytes += text.front() == '+' ? ' ' : '%';
      text.remove_prefix(1);
    }
  }
}

std::string CanonicalUri(std::string_view path) {
  if (path.empty()) return "/";
  return UriEncode(PercentDecode(path, Plus::kPlus), Slash::kKept);
}

std::vector<QueryParameter> DecodeQuery(std::string_view query) {
  std::vector<QueryParameter> parameters;
  if (!query.empty()) parameters.reserve(kExpectedParameters);
  ForEachPiece(query, [&parameters](std::string_view piece) {
    const std::size_t equals = piece.find('=');
    const bool has_value = equals != std::string_view::npos;
    parameters.push_back(
        {PercentDecode(piece.substr(0, equals), Plus::kSpace),
         has_value ? PercentDecode(piece.substr(equals + 1), Plus::kSpace) : std::string(),
         has_value});
  });
  return parameters;
}

std::vector<std::string> DecodeQueryNames(std::string_view query) {
  std::vector<std::string> names;
  if (!query.empty()) names.reserve(kExpectedParameters);
  ForEachPiece(query, [&names](std::string_view piece) {
    names.push_back(PercentDecode(piece.substr(0, piece.find('=')), Plus::kSpace));
  });
  return names;
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
  // Mostly they come as they were signed.
  if (!std::is_sorted(encoded.begin(), encoded.end())) std::sort(encoded.begin(), encoded.end());
  std::size_t size = 0;
  for (const auto& [name, value] : encoded) size += name.size() + value.size() + 2;
  std::string text;
  text.reserve(size);
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
  constexpr std::size_t kExpectedHeaders = 500;
  std::string text;
  text.reserve(request.path.size() + canonical_query.size() + kExpectedHeaders);
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
