#include "s3api/protocol/time_text.h"

#include <gtest/gtest.h>

namespace mkv::s3 {
namespace {

constexpr std::int64_t kExample = 1'255'369'830'123'456;  // 2009-10-12T17:50:30.123456Z
constexpr std::int64_t kExampleSeconds = 1'255'369'830'000'000;

TEST(TimeTextTest, DocumentsHaveTheSecondsOfHeadersAndNoFraction) {
  EXPECT_EQ(FormatIsoTimeMillis(kExample), "2009-10-12T17:50:30.000Z");
  EXPECT_EQ(FormatIsoTimeMillis(kExampleSeconds + 999'999), "2009-10-12T17:50:30.000Z");
  EXPECT_EQ(FormatIsoTimeMillis(0), "1970-01-01T00:00:00.000Z");
}

TEST(TimeTextTest, HeadersHaveSeconds) {
  EXPECT_EQ(FormatHttpDate(kExample), "Mon, 12 Oct 2009 17:50:30 GMT");
  EXPECT_EQ(FormatHttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(TimeTextTest, EveryFormOfADateIsUnderstood) {
  for (const char* text :
       {"Mon, 12 Oct 2009 17:50:30 GMT", "Monday, 12-Oct-09 17:50:30 GMT",
        "Mon Oct 12 17:50:30 2009", "2009-10-12T17:50:30Z", "2009-10-12T17:50:30.123Z"}) {
    EXPECT_EQ(ParseDate(text), kExampleSeconds) << text;
  }
  EXPECT_EQ(ParseDate("Thu Jan  1 00:00:00 1970"), 0);
}

TEST(TimeTextTest, WhatIsNoDateIsNone) {
  for (const char* text :
       {"", "yesterday", "2009-10-12", "2009-13-12T17:50:30Z", "2009-10-12T17:50:30.Z",
        "Mon, 32 Oct 2009 17:50:30 GMT", "2009-10-12T17:50:30Zx", "Mon Oct 12 17:50:30 2009 "}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mkv::s3
