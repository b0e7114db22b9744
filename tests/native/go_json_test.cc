#include "mkvcore/native/go_json.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mkv {
namespace {

std::string Quoted(std::string_view text) {
  std::string json;
  AppendGoJsonString(text, &json);
  return json;
}

TEST(GoJson, LeavesPlainTextAlone) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("/dir/a key+~'.txt\x7f"), "\"/dir/a key+~'.txt\x7f\"");
  EXPECT_EQ(Quoted("/schön/日本/😀"), "\"/schön/日本/😀\"");
}

// What json.Marshal of Go 1.19 writes for each.
TEST(GoJson, EscapesAsGo) {
  EXPECT_EQ(Quoted("\"\\"), R"("\"\\")");
  EXPECT_EQ(Quoted("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(Quoted("\b\f\x01\x1f"), R"("\u0008\u000c\u0001\u001f")");
  EXPECT_EQ(Quoted(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(Quoted("<a href='?x&y'>"), R"("\u003ca href='?x\u0026y'\u003e")");
  EXPECT_EQ(Quoted("\u2028\u2029\u2027"), "\"\\u2028\\u2029\u2027\"");
}

TEST(GoJson, ReplacesEveryByteThatIsNoUtf8) {
  EXPECT_EQ(Quoted("\xff"), R"("\ufffd")");
  EXPECT_EQ(Quoted("a\xff\xfe z"), R"("a\ufffd\ufffd z")");
  EXPECT_EQ(Quoted("\xc3"), R"("\ufffd")") << "cut short";
  EXPECT_EQ(Quoted("\xe2\x82"), R"("\ufffd\ufffd")") << "cut short";
  EXPECT_EQ(Quoted("\x80"), R"("\ufffd")") << "a continuation alone";
  EXPECT_EQ(Quoted("\xc3("), R"("\ufffd(")");
  EXPECT_EQ(Quoted("\xc0\xaf"), R"("\ufffd\ufffd")") << "overlong";
  EXPECT_EQ(Quoted("\xe0\x80\xaf"), R"("\ufffd\ufffd\ufffd")") << "overlong";
  EXPECT_EQ(Quoted("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")") << "a surrogate";
  EXPECT_EQ(Quoted("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")") << "past U+10FFFF";
  EXPECT_EQ(Quoted("\xf5\x80\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");
}

TEST(GoJson, KeepsTheEdgesOfEverySequenceLength) {
  for (const std::string_view text :
       {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xef\xbf\xbd"}) {
    EXPECT_EQ(Quoted(text), "\"" + std::string(text) + "\"");
  }
}

}  // namespace
}  // namespace mkv
