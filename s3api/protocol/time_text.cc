#include "s3api/protocol/time_text.h"

#include <algorithm>
#include <chrono>

#include "s3api/signature/amz_time.h"

namespace mkv::s3 {
namespace {

using std::chrono::microseconds;

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kUsPerSecond = 1'000'000;

struct Fields {
  unsigned year;
  unsigned month;
  unsigned day;
  unsigned weekday;
  unsigned hour;
  unsigned minute;
  unsigned second;
};

Fields ToFields(std::int64_t time_us) {
  const std::chrono::sys_time<microseconds> time{microseconds(time_us)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return {static_cast<unsigned>(static_cast<int>(date.year())),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          std::chrono::weekday(day).c_encoding(),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count())};
}

void Digits(char* end, unsigned value, int count) {
  for (; count > 0; --count, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

// Reads exactly `count` digits off the front; nullopt when they are not there.
std::optional<unsigned> Number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  unsigned number = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool Literal(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}

std::optional<unsigned> MonthNamed(std::string_view& text) {
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
  if (month == kMonths.end()) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<unsigned>(month - kMonths.begin()) + 1;
}

std::optional<std::int64_t> ToTime(unsigned year, unsigned month, unsigned day, unsigned hour,
                                   unsigned minute, unsigned second) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  // 60: a leap second.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (days * 86'400 + std::int64_t{hour} * 3'600 + std::int64_t{minute} * 60 + second) *
         kUsPerSecond;
}

struct Clock {
  unsigned hour;
  unsigned minute;
  unsigned second;
};

std::optional<Clock> TakeClock(std::string_view& text) {
  const auto hour = Number(text, 2);
  if (!hour || !Literal(text, ":")) return std::nullopt;
  const auto minute = Number(text, 2);
  if (!minute || !Literal(text, ":")) return std::nullopt;
  const auto second = Number(text, 2);
  if (!second) return std::nullopt;
  return Clock{*hour, *minute, *second};
}

std::optional<std::int64_t> ParseIsoTime(std::string_view text) {
  const auto year = Number(text, 4);
  if (!year || !Literal(text, "-")) return std::nullopt;
  const auto month = Number(text, 2);
  if (!month || !Literal(text, "-")) return std::nullopt;
  const auto day = Number(text, 2);
  if (!day || !Literal(text, "T")) return std::nullopt;
  const auto clock = TakeClock(text);
  if (!clock) return std::nullopt;
  if (Literal(text, ".")) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
  }
  if (text != "Z" && text != "+00:00") return std::nullopt;
  return ToTime(*year, *month, *day, clock->hour, clock->minute, clock->second);
}

// `Monday, 12-Oct-09 17:50:30 GMT`. A year that seems to lie more than 50 years ahead is of the
// last century (RFC 9110 section 5.6.7); 2070 is close enough to that for a form this old.
std::optional<std::int64_t> ParseRfc850Date(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos || !text.substr(0, comma).ends_with("day")) {
    return std::nullopt;
  }
  text.remove_prefix(comma + 2);
  const auto day = Number(text, 2);
  if (!day || !Literal(text, "-")) return std::nullopt;
  const auto month = MonthNamed(text);
  if (!month || !Literal(text, "-")) return std::nullopt;
  const auto year = Number(text, 2);
  if (!year || !Literal(text, " ")) return std::nullopt;
  const auto clock = TakeClock(text);
  if (!clock || text != " GMT") return std::nullopt;
  return ToTime(*year + (*year < 70 ? 2000 : 1900), *month, *day, clock->hour, clock->minute,
                clock->second);
}

// `Mon Oct 12 17:50:30 2009`, a day below ten with a space before it.
std::optional<std::int64_t> ParseAsctime(std::string_view text) {
  if (std::find(kDays.begin(), kDays.end(), text.substr(0, 3)) == kDays.end()) return std::nullopt;
  text.remove_prefix(3);
  if (!Literal(text, " ")) return std::nullopt;
  const auto month = MonthNamed(text);
  if (!month || !Literal(text, " ")) return std::nullopt;
  const auto day = Literal(text, " ") ? Number(text, 1) : Number(text, 2);
  if (!day || !Literal(text, " ")) return std::nullopt;
  const auto clock = TakeClock(text);
  if (!clock || !Literal(text, " ")) return std::nullopt;
  const auto year = Number(text, 4);
  if (!year || !text.empty()) return std::nullopt;
  return ToTime(*year, *month, *day, clock->hour, clock->minute, clock->second);
}

}  // namespace

IsoTimeText WriteIsoTime(std::int64_t time_us) {
  const Fields fields = ToFields(time_us);
  IsoTimeText text = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                      '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  char* const start = text.data();
  Digits(start + 4, fields.year, 4);
  Digits(start + 7, fields.month, 2);
  Digits(start + 10, fields.day, 2);
  Digits(start + 13, fields.hour, 2);
  Digits(start + 16, fields.minute, 2);
  Digits(start + 19, fields.second, 2);
  return text;
}

std::string FormatIsoTimeMillis(std::int64_t time_us) {
  const IsoTimeText text = WriteIsoTime(time_us);
  return {text.data(), text.size()};
}

std::string FormatHttpDate(std::int64_t time_us) {
  const Fields fields = ToFields(time_us);
  std::string text = "Ddd, 00 Mmm 0000 00:00:00 GMT";
  text.replace(0, 3, kDays[fields.weekday]);
  text.replace(8, 3, kMonths[fields.month - 1]);
  char* const start = text.data();
  Digits(start + 7, fields.day, 2);
  Digits(start + 16, fields.year, 4);
  Digits(start + 19, fields.hour, 2);
  Digits(start + 22, fields.minute, 2);
  Digits(start + 25, fields.second, 2);
  return text;
}

std::optional<std::int64_t> ParseDate(std::string_view text) {
  if (const std::optional<Time> time = ParseHttpDate(text)) {
    return time->time_since_epoch().count() * kUsPerSecond;
  }
  if (const auto time = ParseIsoTime(text)) return time;
  if (const auto time = ParseAsctime(text)) return time;
  return ParseRfc850Date(text);
}

}  // namespace mkv::s3
