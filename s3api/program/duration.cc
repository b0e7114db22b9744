#include "s3api/program/duration.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace mkv {

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
      {{"ms", 1}, {"us", 1e-3}, {"h", 3.6e6}, {"m", 6e4}, {"s", 1e3}}};
  static constexpr double kLongest = 1e15;
  if (text == "0") return std::chrono::milliseconds(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || !(number >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    bool known = false;
    for (const auto& [name, milliseconds] : kUnits) {
      if (!text.starts_with(name)) continue;
      total += number * milliseconds;
      text.remove_prefix(name.size());
      known = true;
      break;
    }
    if (!known || total > kLongest) return std::nullopt;
  }
  return std::chrono::milliseconds(std::llround(total));
}

}  // namespace mkv
