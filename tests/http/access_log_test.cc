#include "mkvcore/http/access_log.h"

#include <gtest/gtest.h>

namespace mkv::http {
namespace {

TEST(AccessLog, TargetsAreLoggedAsTheyCame) {
  for (const char* const target :
       {"/", "/key", "/a%20b?list", "/?list&start=/a&limit=3", "/?", "/?&&=&x=", "/b?x-id=1",
        "/b?list-type=2&continuation-token=abc", "/b?X-Amz-Credential=AKID%2F20260101",
        "/Signature=in-a-path", "/k?signature", "/k?X-Amz-SignedHeaders=host"}) {
    EXPECT_EQ(LoggedTarget(target), target);
  }
}

TEST(AccessLog, SignaturesAndTokensAreLeftOut) {
  EXPECT_EQ(LoggedTarget("/k?X-Amz-Signature=0a1b"), "/k?X-Amz-Signature=***");
  EXPECT_EQ(LoggedTarget("/k?a=1&x-amz-signature=0a1b&b=2"), "/k?a=1&x-amz-signature=***&b=2");
  EXPECT_EQ(LoggedTarget("/k?AWSAccessKeyId=A&Signature=a%2Bb%3D&Expires=1"),
            "/k?AWSAccessKeyId=A&Signature=***&Expires=1");
  EXPECT_EQ(LoggedTarget("/k?X-Amz-Security-Token=abc=="), "/k?X-Amz-Security-Token=***");
  EXPECT_EQ(LoggedTarget("/k?Signature=a?Signature=b"), "/k?Signature=***");
}

TEST(AccessLog, AnEncodedNameIsTheSameName) {
  EXPECT_EQ(LoggedTarget("/k?X%2DAmz%2Dsignatur%65=0a1b"), "/k?X%2DAmz%2Dsignatur%65=***");
}

}  // namespace
}  // namespace mkv::http
