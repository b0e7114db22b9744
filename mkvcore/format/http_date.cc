#include "mkvcore/format/http_date.h"

#include <charconv>

namespace mkv {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::size_t kNameLength = 3;

// The position of `name` among `names`.
std::optional<unsigned> Named(std::string_view name, std::string_view names) {
  const std::size_t found = names.find(name);
  if (found == std::string_view::npos || found % kNameLength != 0) return std::nullopt;
  return static_cast<unsigned>(found / kNameLength);
}

std::optional<unsigned> Digits(std::string_view text) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || read != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::chrono::sys_seconds> ParseHttpDate(std::string_view text) {
  // Each letter stands for any character.
  constexpr std::string_view kForm = "ddd, DD MMM YYYY HH:MM:SS GMT";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':' ||
      text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto weekday = Named(text.substr(0, kNameLength), kDays);
  const auto day = Digits(text.substr(5, 2));
  const auto month = Named(text.substr(8, kNameLength), kMonths);
  const auto year = Digits(text.substr(12, 4));
  const auto hour = Digits(text.substr(17, 2));
  const auto minute = Digits(text.substr(20, 2));
  const auto second = Digits(text.substr(23, 2));
  if (!weekday || !day || !month || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month + 1), std::chrono::day(*day)};
  // 60: a leap second.
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace mkv
