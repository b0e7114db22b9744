#include "s3api/protocol/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

using ::testing::Contains;
using ::testing::Pair;

TEST(RangeTest, EveryFormIsUnderstood) {
  EXPECT_EQ(ParseRange("bytes=0-9", 100), (ByteRange{0, 9}));
  EXPECT_EQ(ParseRange("bytes=90-", 100), (ByteRange{90, 99}));
  EXPECT_EQ(ParseRange("bytes=-10", 100), (ByteRange{90, 99}));
  EXPECT_EQ(ParseRange("bytes=99-99", 100), (ByteRange{99, 99}));
  EXPECT_EQ(ParseRange(" Bytes= 1 - 2 ", 100), (ByteRange{1, 2}));
}

TEST(RangeTest, WhatReachesPastTheEndIsCut) {
  EXPECT_EQ(ParseRange("bytes=90-1000", 100), (ByteRange{90, 99}));
  EXPECT_EQ(ParseRange("bytes=-1000", 100), (ByteRange{0, 99}));
  EXPECT_EQ(ParseRange("bytes=0-99999999999999999999999", 100), (ByteRange{0, 99}));
}

TEST(RangeTest, SeveralRangesAndWhatIsNoneGiveTheWhole) {
  for (const char* header : {"bytes=0-1,3-4", "bytes=5-3", "bytes=a-b", "bytes=", "bytes=-",
                             "bytes=1", "lines=0-1", "bytes 0-1", "bytes=-1-2", "bytes=+1-2"}) {
    EXPECT_EQ(ParseRange(header, 100), std::nullopt) << header;
  }
}

TEST(RangeTest, ARangeWithoutAByteIsInvalid) {
  for (const char* header :
       {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"}) {
    try {
      (void)ParseRange(header, 100);
      ADD_FAILURE() << header;
    } catch (const S3Error& error) {
      EXPECT_EQ(error.status(), 416);
      EXPECT_EQ(error.code(), "InvalidRange");
      EXPECT_THAT(error.details(), Contains(Pair("ActualObjectSize", "100")));
      EXPECT_THAT(error.details(), Contains(Pair("RangeRequested", header)));
      EXPECT_THAT(error.headers(), Contains(Pair("Content-Range", "bytes */100")));
    }
  }
}

TEST(RangeTest, NoByteLiesInARangeOfAnEmptyObject) {
  EXPECT_THROW(ParseRange("bytes=0-", 0), S3Error);
  EXPECT_THROW(ParseRange("bytes=-1", 0), S3Error);
  EXPECT_EQ(ParseRange("nothing", 0), std::nullopt);
}

TEST(RangeTest, KnowsItsLengthAndItsHeader) {
  const ByteRange range = {10, 19};
  EXPECT_EQ(range.length(), 10u);
  EXPECT_EQ(range.ContentRange(100), "bytes 10-19/100");
}

TEST(RangeTest, ACopySourceRangeIsExact) {
  EXPECT_EQ(ParseCopySourceRange("bytes=0-99", 100), (ByteRange{0, 99}));
  for (const char* header : {"bytes=0-100", "bytes=100-100", "bytes=0-", "bytes=-5", "0-5",
                             "bytes=5-4", "bytes=a-b", ""}) {
    try {
      ParseCopySourceRange(header, 100);
      ADD_FAILURE() << header;
    } catch (const S3Error& error) {
      EXPECT_EQ(error.status(), 400) << header;
      EXPECT_EQ(error.code(), "InvalidArgument") << header;
      EXPECT_THAT(error.details(), Contains(Pair("ArgumentValue", header)));
    }
  }
}

}  // namespace
}  // namespace mkv::s3
