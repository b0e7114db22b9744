#include "s3api/protocol/conditions.h"

#include <gtest/gtest.h>

#include <string>

#include "s3api/protocol/error.h"
#include "tests/s3/request_heads.h"

namespace mkv::s3 {
namespace {

using Result = ReadConditions::Result;

constexpr std::int64_t kModified = 1'255'369'830'999'999;  // 2009-10-12T17:50:30.999999Z
constexpr char kBefore[] = "Mon, 12 Oct 2009 17:50:29 GMT";
constexpr char kThen[] = "Mon, 12 Oct 2009 17:50:30 GMT";
constexpr char kAfter[] = "Mon, 12 Oct 2009 17:50:31 GMT";
constexpr char kFuture[] = "Thu, 31 Dec 2499 23:59:59 GMT";
const Validators kObject = {"abc", kModified};

enum class Answer { k200, k304, k412 };

Answer Read(const Headers& headers) {
  try {
    return ReadConditions::Of(HeadOf(headers)).CheckRead(kObject) == Result::kProceed
               ? Answer::k200
               : Answer::k304;
  } catch (const S3Error& error) {
    EXPECT_TRUE(error.Is(ErrorCode::kPreconditionFailed));
    return Answer::k412;
  }
}

TEST(ReadConditionsTest, WithoutConditionsAReadProceeds) {
  EXPECT_TRUE(ReadConditions::Of(HeadOf({})).empty());
  EXPECT_EQ(Read({}), Answer::k200);
}

TEST(ReadConditionsTest, ETagsMatchQuotedUnquotedWeakAndInLists) {
  for (const char* field :
       {"\"abc\"", "abc", "W/\"abc\"", "*", "\"x\", \"abc\"", "x,abc", " abc "}) {
    EXPECT_EQ(Read({{"If-Match", field}}), Answer::k200) << field;
    EXPECT_EQ(Read({{"If-None-Match", field}}), Answer::k304) << field;
  }
  for (const char* field : {"\"x\"", "ABC", "", "\"abc,\"", "\"a,b\",c", "\"*\""}) {
    EXPECT_EQ(Read({{"If-Match", field}}), Answer::k412) << field;
    EXPECT_EQ(Read({{"If-None-Match", field}}), Answer::k200) << field;
  }
}

TEST(ReadConditionsTest, AListMayBeSentAsSeveralLines) {
  EXPECT_EQ(Read({{"If-Match", "\"x\""}, {"If-Match", "\"abc\""}}), Answer::k200);
  EXPECT_EQ(Read({{"If-Match", "\"x\""}, {"If-Match", "\"y\""}}), Answer::k412);
  EXPECT_EQ(Read({{"If-None-Match", "\"x\""}, {"A", "b"}, {"if-none-match", "\"abc\""}}),
            Answer::k304);
}

TEST(ReadConditionsTest, DatesCompareInWholeSeconds) {
  EXPECT_EQ(Read({{"If-Modified-Since", kBefore}}), Answer::k200);
  EXPECT_EQ(Read({{"If-Modified-Since", kThen}}), Answer::k304);
  EXPECT_EQ(Read({{"If-Modified-Since", kAfter}}), Answer::k304);
  EXPECT_EQ(Read({{"If-Unmodified-Since", kBefore}}), Answer::k412);
  EXPECT_EQ(Read({{"If-Unmodified-Since", kThen}}), Answer::k200);
  EXPECT_EQ(Read({{"If-Unmodified-Since", kAfter}}), Answer::k200);
}

TEST(ReadConditionsTest, ADateThatIsNoneIsPassedOver) {
  EXPECT_EQ(Read({{"If-Modified-Since", "later"}}), Answer::k200);
  EXPECT_EQ(Read({{"If-Unmodified-Since", "0"}}), Answer::k200);
}

TEST(ReadConditionsTest, ModifiedSinceADateThatIsStillToComeIsPassedOver) {
  EXPECT_EQ(Read({{"If-Modified-Since", kFuture}}), Answer::k200);
  EXPECT_EQ(Read({{"If-Unmodified-Since", kFuture}}), Answer::k200);
  EXPECT_EQ(Read({{"If-None-Match", "abc"}, {"If-Modified-Since", kFuture}}), Answer::k304);
}

TEST(ReadConditionsTest, AMatchingTagOverrulesTheDate) {
  EXPECT_EQ(Read({{"If-Match", "abc"}, {"If-Unmodified-Since", kBefore}}), Answer::k200);
  EXPECT_EQ(Read({{"If-Match", "x"}, {"If-Unmodified-Since", kAfter}}), Answer::k412);
  EXPECT_EQ(Read({{"If-None-Match", "abc"}, {"If-Modified-Since", kBefore}}), Answer::k304);
  EXPECT_EQ(Read({{"If-None-Match", "x"}, {"If-Modified-Since", kAfter}}), Answer::k200);
}

TEST(ReadConditionsTest, AFailedPreconditionComesBeforeNotModified) {
  EXPECT_EQ(Read({{"If-Match", "x"}, {"If-None-Match", "abc"}}), Answer::k412);
  EXPECT_EQ(Read({{"If-Match", "abc"}, {"If-None-Match", "abc"}}), Answer::k304);
}

std::string CopyCode(const Headers& headers) {
  try {
    ReadConditions::OfCopySource(HeadOf(headers)).CheckCopySource(kObject);
  } catch (const S3Error& error) {
    return error.code();
  }
  return "";
}

TEST(ReadConditionsTest, ACopyFailsWhereAReadIsNotModified) {
  const std::string failed = "PreconditionFailed";
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-match", "abc"}}), "");
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-match", "x"}}), failed);
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-none-match", "x"}}), "");
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-none-match", "abc"}}), failed);
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-modified-since", kBefore}}), "");
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-modified-since", kThen}}), failed);
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-modified-since", kFuture}}), "");
  EXPECT_EQ(CopyCode({{"x-amz-copy-source-if-unmodified-since", kBefore}}), failed);
  EXPECT_EQ(CopyCode({{"If-Match", "x"}}), "") << "that one is for the target";
}

TEST(IfRangeTest, HoldsForExactlyThisObject) {
  EXPECT_TRUE(IfRangeHolds(HeadOf({}), kObject));
  for (const char* field : {"\"abc\"", "abc", " \"abc\" ", kThen}) {
    EXPECT_TRUE(IfRangeHolds(HeadOf({{"If-Range", field}}), kObject)) << field;
  }
  for (const char* field :
       {"W/\"abc\"", "\"x\"", "\"abc\", \"x\"", "*", "", "later", kBefore, kAfter}) {
    EXPECT_FALSE(IfRangeHolds(HeadOf({{"If-Range", field}}), kObject)) << field;
  }
}

std::string WriteCode(const Headers& headers, const Validators* current,
                      const std::string& method = "PUT") {
  http::RequestHead head = HeadOf(headers);
  head.method = method;
  try {
    WriteConditions::Of(head).Check(current, 7, "key");
  } catch (const S3Error& error) {
    return error.code();
  }
  return "";
}

TEST(WriteConditionsTest, IfNoneMatchStarNeedsThatThereIsNoObject) {
  EXPECT_EQ(WriteCode({{"If-None-Match", "*"}}, nullptr), "");
  EXPECT_EQ(WriteCode({{"If-None-Match", "*"}}, &kObject), "PreconditionFailed");
  EXPECT_EQ(WriteCode({{"If-None-Match", "\"abc\""}}, nullptr), "NotImplemented");
  EXPECT_EQ(WriteCode({{"If-None-Match", "*"}, {"If-Match", "abc"}}, nullptr), "NotImplemented");
  EXPECT_EQ(WriteCode({{"If-None-Match", "*"}, {"If-None-Match", "x"}}, nullptr), "NotImplemented");
}

TEST(WriteConditionsTest, IfMatchNeedsThatObject) {
  EXPECT_EQ(WriteCode({{"If-Match", "\"abc\""}}, &kObject), "");
  EXPECT_EQ(WriteCode({{"If-Match", "*"}}, &kObject), "");
  EXPECT_EQ(WriteCode({{"If-Match", "\"x\""}}, &kObject), "PreconditionFailed");
  EXPECT_EQ(WriteCode({{"If-Match", "\"abc\""}}, nullptr), "NoSuchKey");
}

TEST(WriteConditionsTest, ADeleteMayAskForTimeAndSize) {
  const auto code = [](const char* name, const char* value, const Validators* current) {
    return WriteCode({{name, value}}, current, "DELETE");
  };
  constexpr char kSize[] = "x-amz-if-match-size";
  constexpr char kTime[] = "x-amz-if-match-last-modified-time";
  EXPECT_EQ(code(kSize, "7", &kObject), "");
  EXPECT_EQ(code(kSize, "8", &kObject), "PreconditionFailed");
  EXPECT_EQ(code(kSize, "x", &kObject), "InvalidArgument");
  EXPECT_EQ(code(kTime, kThen, &kObject), "");
  EXPECT_EQ(code(kTime, kAfter, &kObject), "PreconditionFailed");
  EXPECT_EQ(code(kTime, "then", &kObject), "InvalidArgument");
  EXPECT_TRUE(WriteConditions::Of(HeadOf({})).empty());
}

TEST(WriteConditionsTest, TimeAndSizeAreOfAnObjectThatThereIs) {
  EXPECT_EQ(WriteCode({{"x-amz-if-match-size", "7"}}, nullptr, "DELETE"), "");
  EXPECT_EQ(WriteCode({{"x-amz-if-match-last-modified-time", kThen}}, nullptr, "DELETE"), "");
  EXPECT_EQ(WriteCode({{"If-Match", "\"abc\""}, {"x-amz-if-match-size", "7"}}, nullptr, "DELETE"),
            "NoSuchKey");
}

TEST(WriteConditionsTest, TimeAndSizeAreNoConditionsOfAWrite) {
  EXPECT_EQ(WriteCode({{"x-amz-if-match-size", "8"}}, &kObject), "");
  EXPECT_EQ(WriteCode({{"x-amz-if-match-last-modified-time", kAfter}}, &kObject), "");
}

TEST(CheckInitiatedTest, ComparesSeconds) {
  const auto code = [](const char* time) -> std::string {
    try {
      CheckInitiated(HeadOf({{"x-amz-if-match-initiated-time", time}}), kModified);
    } catch (const S3Error& error) {
      return error.code();
    }
    return "";
  };
  EXPECT_EQ(code(kThen), "");
  EXPECT_EQ(code(kBefore), "PreconditionFailed");
  EXPECT_EQ(code(kAfter), "PreconditionFailed");
  EXPECT_EQ(code("then"), "InvalidArgument");
  EXPECT_NO_THROW(CheckInitiated(HeadOf({}), kModified));
}

}  // namespace
}  // namespace mkv::s3
