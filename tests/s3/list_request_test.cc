#include "s3api/protocol/list_request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

TEST(ContinuationTokenTest, IsReadBackAndNothingElseIs) {
  for (const std::string& name :
       {std::string("a"), std::string("a/b \xC3\xA9"), std::string(1024, 'k')}) {
    EXPECT_EQ(DecodeContinuationToken(EncodeContinuationToken(name)), name);
  }
  for (const char* token : {"", "x", "a/key", "YWJj", "MTo=", "MTph="}) {
    EXPECT_THROW(DecodeContinuationToken(token), S3Error) << token;
  }
}

Request RequestOf(Operation operation, std::string_view query) {
  return {operation, "b", "", Query(query)};
}

TEST(ListRequestTest, V1StartsAtTheMarker) {
  const ListRequest request = ParseListRequest(RequestOf(
      Operation::kListObjects, "prefix=p%2F&delimiter=/&marker=p/m&max-keys=7&start-after=x"));
  EXPECT_FALSE(request.v2);
  EXPECT_EQ(request.prefix, "p/");
  EXPECT_EQ(request.delimiter, "/");
  EXPECT_EQ(request.after, "p/m");
  EXPECT_EQ(request.max_keys, 7);
  EXPECT_TRUE(request.fetch_owner);
}

TEST(ListRequestTest, V2StartsAtTheTokenRatherThanAfterAKey) {
  const ListRequest request = ParseListRequest(
      RequestOf(Operation::kListObjectsV2,
                "list-type=2&start-after=z&continuation-token=" + EncodeContinuationToken("m")));
  EXPECT_EQ(request.after, "m");
  EXPECT_FALSE(request.fetch_owner);
  EXPECT_EQ(ParseListRequest(RequestOf(Operation::kListObjectsV2, "start-after=z")).after, "z");
}

TEST(ListRequestTest, WrongArgumentsAreRefused) {
  for (const char* query : {"max-keys=-1", "max-keys=x", "encoding-type=xml",
                            "continuation-token=", "continuation-token=x"}) {
    EXPECT_THROW(ParseListRequest(RequestOf(Operation::kListObjectsV2, query)), S3Error) << query;
  }
}

TEST(ListRequestTest, VersionsBeginAfterTheKeyMarker) {
  const auto parse = [](const std::string& query) {
    return ParseListRequest(RequestOf(Operation::kListObjectVersions, query));
  };
  EXPECT_TRUE(parse("").versions);
  EXPECT_EQ(parse("key-marker=k").after, "k");
  EXPECT_EQ(parse("key-marker=k&version-id-marker=null").after, "k");
  EXPECT_THROW(parse("version-id-marker=null"), S3Error);
  EXPECT_THROW(parse("key-marker=k&version-id-marker="), S3Error);
  EXPECT_THROW(parse("key-marker=k&version-id-marker=other"), S3Error);
}

}  // namespace
}  // namespace mkv::s3
