#include "s3api/protocol/tagging.h"

#include <gtest/gtest.h>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

template <typename Call>
std::string TaggingProblem(Call call) {
  try {
    call();
  } catch (const S3Error& error) {
    return error.code();
  }
  return "ok";
}

std::string Document(const std::vector<Tag>& tags) { return TaggingDocument(tags).Text(); }

std::string Check(const std::vector<Tag>& tags, std::size_t max_tags = kMaxObjectTags) {
  return TaggingProblem([&] { EXPECT_EQ(ParseTagging(Document(tags), max_tags), tags); });
}

std::string Repeated(std::string_view text, std::size_t times) {
  std::string repeated;
  while (times-- > 0) repeated += text;
  return repeated;
}

TEST(TaggingTest, TagsComeBackFromTheirDocument) {
  EXPECT_EQ(Check({}), "ok");
  EXPECT_EQ(Check({{"a", ""}, {"b c", "_.:/=+-@ 9"}, {"schlüssel", "值"}}), "ok");
}

TEST(TaggingTest, LengthsAreInCharacters) {
  EXPECT_EQ(Check({{Repeated("ü", 128), Repeated("值", 256)}}), "ok");
  EXPECT_EQ(Check({{Repeated("k", 129), "v"}}), "InvalidTag");
  EXPECT_EQ(Check({{"k", Repeated("v", 257)}}), "InvalidTag");
  EXPECT_EQ(Check({{"", "v"}}), "InvalidTag");
}

TEST(TaggingTest, WhatIsNoLetterDigitSpaceOrOneOfAFewMarksIsRefused) {
  for (const char* text : {"a&b", "a?b", "a\nb", "a*b", "a#b", "a\u2192b", "😀"}) {
    EXPECT_EQ(Check({{text, "v"}}), "InvalidTag") << text;
    EXPECT_EQ(Check({{"k", text}}), "InvalidTag") << text;
  }
  EXPECT_EQ(Check({{"aws:k", "v"}}), "InvalidTag");
  EXPECT_EQ(Check({{"k", "1"}, {"k", "2"}}), "InvalidTag");
}

TEST(TaggingTest, ThereAreLimitsToTheirNumber) {
  std::vector<Tag> tags;
  for (std::size_t i = 0; i < kMaxBucketTags; ++i) tags.push_back({"k" + std::to_string(i), ""});
  EXPECT_EQ(Check(tags, kMaxBucketTags), "ok");
  EXPECT_EQ(Check(tags), "BadRequest");
  tags.push_back({"more", ""});
  EXPECT_EQ(Check(tags, kMaxBucketTags), "BadRequest");
}

TEST(TaggingTest, ADocumentOfAnotherShapeIsMalformed) {
  for (const char* body :
       {"<Tagging/>", "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>", "<Tags/>"}) {
    EXPECT_EQ(TaggingProblem([&] { ParseTagging(body, kMaxObjectTags); }), "MalformedXML") << body;
  }
}

TEST(TaggingTest, TheHeaderIsAQuery) {
  EXPECT_EQ(ParseTaggingHeader("a=1&b%20c=%2B+%C3%BC&d"),
            (std::vector<Tag>{{"a", "1"}, {"b c", "+ ü"}, {"d", ""}}));
  EXPECT_TRUE(ParseTaggingHeader("").empty());
  EXPECT_EQ(TaggingProblem([] { ParseTaggingHeader("a=1&a=2"); }), "InvalidArgument");
  EXPECT_EQ(TaggingProblem([] { ParseTaggingHeader("=1"); }), "InvalidArgument");
  EXPECT_EQ(TaggingProblem([] { ParseTaggingHeader("a=%26"); }), "InvalidTag");
  EXPECT_EQ(TaggingProblem([] { ParseTaggingHeader("a=%FF"); }), "InvalidTag");
}

}  // namespace
}  // namespace mkv::s3
