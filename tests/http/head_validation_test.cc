#include "mkvcore/http/head_validation.h"

#include <gtest/gtest.h>

#include <string>

namespace mkv::http {
namespace {

using State = HeadScan::State;

TEST(HeadValidation, AHeadEndsAfterItsFirstEmptyLine) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET";
  const HeadScan scan = ScanHead(bytes, 0);
  EXPECT_EQ(scan.state, State::kComplete);
  EXPECT_EQ(scan.length, bytes.size() - 3);
}

TEST(HeadValidation, AHeadIsFoundHoweverItIsSplit) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  std::size_t resume = 0;
  for (std::size_t have = 0; have < bytes.size(); ++have) {
    const HeadScan scan = ScanHead(std::string_view(bytes).substr(0, have), resume);
    ASSERT_EQ(scan.state, State::kIncomplete) << have;
    resume = scan.resume;
  }
  const HeadScan scan = ScanHead(bytes, resume);
  EXPECT_EQ(scan.state, State::kComplete);
  EXPECT_EQ(scan.length, bytes.size());
}

TEST(HeadValidation, ALineEndingInLineFeedAloneIsMalformed) {
  EXPECT_EQ(ScanHead("GET / HTTP/1.1\n", 0).state, State::kMalformed);
  EXPECT_EQ(ScanHead("GET / HTTP/1.1\r\nHost: x\n\r\n", 0).state, State::kMalformed);
  EXPECT_EQ(ScanHead("GET / HTTP/1.1\r\nHost: x\r\n\n", 0).state, State::kMalformed);
  EXPECT_EQ(ScanHead("\n", 0).state, State::kMalformed);
}

TEST(HeadValidation, OnlyTokenCharactersMakeAToken) {
  const std::string_view punctuation = "!#$%&'*+-.^_`|~";
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool letter_or_digit =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    EXPECT_EQ(IsToken(std::string(1, c)),
              letter_or_digit || punctuation.find(c) != std::string_view::npos)
        << i;
  }
  EXPECT_FALSE(IsToken(""));
}

TEST(HeadValidation, AFieldValueHoldsNoControlButTab) {
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(IsFieldValue("a" + std::string(1, static_cast<char>(i)) + "b"),
              i == '\t' || (i >= 0x20 && i != 0x7f))
        << i;
  }
}

TEST(HeadValidation, ATargetHoldsNoControlAndNoSpace) {
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(IsTarget("/" + std::string(1, static_cast<char>(i))), i > 0x20 && i != 0x7f) << i;
  }
}

TEST(HeadValidation, AFieldLineIsTakenApartWithoutTheWhitespaceAroundItsValue) {
  const auto field = ParseFieldLine("Name:\t a: b \t");
  ASSERT_TRUE(field);
  EXPECT_EQ(field->name, "Name");
  EXPECT_EQ(field->value, "a: b");
  EXPECT_EQ(ParseFieldLine("Name:")->value, "");
}

TEST(HeadValidation, MalformedFieldLinesAreRefused) {
  for (const std::string_view line :
       {"no colon", ": no name", "Name : space", "Name\t: tab", " folded: line", "\tfolded",
        "Na me: x", "Na\"me: x", "Name: a\rb", "Name: a\001b", "Name: \x7f"}) {
    EXPECT_FALSE(ParseFieldLine(line)) << line;
  }
  EXPECT_FALSE(ParseFieldLine(std::string_view("Name: a\0b", 9)));
}

}  // namespace
}  // namespace mkv::http
