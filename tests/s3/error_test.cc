#include "s3api/protocol/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <string>

namespace mkv::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(S3ErrorTest, CarriesTheCodeStatusAndMessageOfTheTable) {
  const S3Error error(ErrorCode::kNoSuchBucket);
  EXPECT_EQ(error.code(), "NoSuchBucket");
  EXPECT_EQ(error.status(), 404);
  EXPECT_EQ(error.message(), "The specified bucket does not exist");
  EXPECT_TRUE(error.Is(ErrorCode::kNoSuchBucket));
  EXPECT_FALSE(error.Is(ErrorCode::kNoSuchKey));
  EXPECT_STREQ(error.what(), "NoSuchBucket: The specified bucket does not exist");
}

TEST(S3ErrorTest, AMessageOfItsOwnReplacesThatOfTheTable) {
  EXPECT_EQ(S3Error(ErrorCode::kInvalidRequest, "no").message(), "no");
}

TEST(S3ErrorTest, InvalidArgumentNamesTheArgument) {
  EXPECT_THAT(InvalidArgumentError("bad", "max-keys", "-1").details(),
              ElementsAre(Pair("ArgumentName", "max-keys"), Pair("ArgumentValue", "-1")));
}

TEST(S3ErrorTest, ARefusedSignatureKeepsItsCodeAndDetails) {
  const S3Error error(InvalidAccessKeyId("AKID"));
  EXPECT_EQ(error.code(), "InvalidAccessKeyId");
  EXPECT_EQ(error.status(), 403);
  EXPECT_THAT(error.details(), ElementsAre(Pair("AWSAccessKeyId", "AKID")));
}

TEST(S3ErrorTest, TheDocumentHasNoNamespaceAndItsElementsInS3sOrder) {
  const std::string text = ErrorDocument(NoSuchKeyError("a&b"), {"/bucket/a&b", "id-1", "host-1"});
  EXPECT_EQ(text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
            "<Key>a&amp;b</Key><Resource>/bucket/a&amp;b</Resource><RequestId>id-1</RequestId>"
            "<HostId>host-1</HostId></Error>");
}

TEST(S3ErrorTest, AResourceThatIsNoUtf8StillMakesADocument) {
  const std::string text = ErrorDocument(S3Error(ErrorCode::kInvalidUri), {"/b/\xFF\xFEx", "", ""});
  EXPECT_NE(text.find("<Resource>/b/\xEF\xBF\xBD\xEF\xBF\xBDx</Resource>"), std::string::npos);
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(text.c_str()));
}

TEST(S3ErrorTest, HeadersOfAnErrorReachTheAnswer) {
  const http::Response response =
      ErrorResponse(S3Error(ErrorCode::kSlowDown).Header("Retry-After", "1"), {"/", "id", "host"});
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers,
              ElementsAre(Pair("Retry-After", "1"), Pair("Content-Type", "application/xml")));
}

}  // namespace
}  // namespace mkv::s3
