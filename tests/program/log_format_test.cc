#include "s3api/program/log_format.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mkv {
namespace {

std::string Printable(std::string_view message) {
  spdlog::memory_buf_t line;
  AppendPrintable(message, line);
  return {line.data(), line.size()};
}

TEST(LogFormat, KeepsWhatPeopleCanRead) {
  EXPECT_EQ(Printable(""), "");
  EXPECT_EQ(Printable("a \"key\" \\ with ~ and \xc3\xa9"), "a \"key\" \\ with ~ and \xc3\xa9");
}

TEST(LogFormat, WritesControlCharactersAsHex) {
  using namespace std::string_view_literals;
  EXPECT_EQ(Printable("a\n2026-01-01 info forged\r\t\x1b[2J\x7f\0"sv),
            "a\\x0a2026-01-01 info forged\\x0d\\x09\\x1b[2J\\x7f\\x00");
}

}  // namespace
}  // namespace mkv
