#include "s3api/signature/amz_time.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "mkvcore/format/http_date.h"

namespace mkv::s3 {
namespace {

struct Fields {
  int year;
  unsigned month;
  unsigned day;
  int hour;
  int minute;
  int second;
};

std::optional<Time> ToTime(const Fields& fields) {
  const std::chrono::year_month_day date{std::chrono::year(fields.year),
                                         std::chrono::month(fields.month),
                                         std::chrono::day(fields.day)};
  // 60: a leap second.
  if (!date.ok() || fields.hour > 23 || fields.minute > 59 || fields.second > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(fields.hour) +
         std::chrono::minutes(fields.minute) + std::chrono::seconds(fields.second);
}

// Reads exactly `digits` digits off the front; -1 when they are not there.
int Number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool Literal(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}

Fields ToFields(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

std::string Format(const char* format, Time time) {
  const Fields f = ToFields(time);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, f.year, f.month, f.day, f.hour,
                                 f.minute, f.second);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::optional<Time> ParseAmzTime(std::string_view text) {
  const int year = Number(text, 4);
  const int month = Number(text, 2);
  const int day = Number(text, 2);
  if (!Literal(text, "T")) return std::nullopt;
  const int hour = Number(text, 2);
  const int minute = Number(text, 2);
  const int second = Number(text, 2);
  if (text != "Z" || std::min({year, month, day, hour, minute, second}) < 0) return std::nullopt;
  return ToTime(
      {year, static_cast<unsigned>(month), static_cast<unsigned>(day), hour, minute, second});
}

std::string FormatAmzTime(Time time) { return Format("%04d%02u%02uT%02d%02d%02dZ", time); }

std::string FormatIsoTime(Time time) { return Format("%04d-%02u-%02uT%02d:%02d:%02dZ", time); }

std::optional<Time> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kGmt = " GMT";
  for (const std::string_view zone : {" UTC", " +0000", " -0000"}) {
    if (!text.ends_with(zone)) continue;
    text.remove_suffix(zone.size());
    return mkv::ParseHttpDate(std::string(text).append(kGmt));
  }
  return mkv::ParseHttpDate(text);
}

}  // namespace mkv::s3
