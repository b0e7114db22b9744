#include "s3api/signature/request_view.h"

#include <algorithm>

namespace mkv::s3 {
namespace {

char LowerCaseOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<std::string_view> RequestView::Header(std::string_view name) const {
  for (const HeaderField& field : headers) {
    if (EqualsIgnoringCase(field.name, name)) return Trim(field.value);
  }
  return std::nullopt;
}

RequestView ViewOf(const http::RequestHead& head, std::string_view virtual_bucket) {
  const std::string_view target = head.target;
  RequestView view{head.method, target.substr(0, target.find('?')), head.query, {}, virtual_bucket};
  view.headers.reserve(head.headers.size());
  for (const auto& [name, value] : head.headers) view.headers.push_back({name, value});
  return view;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && StartsWithIgnoringCase(a, b);
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return LowerCaseOf(a) == LowerCaseOf(b); });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerCaseOf);
  return lower;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

}  // namespace mkv::s3
