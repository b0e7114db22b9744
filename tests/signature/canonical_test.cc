#include "s3api/signature/canonical.h"

#include <gtest/gtest.h>

#include "tests/signature/signed_request.h"

namespace mkv::s3 {
namespace {

TEST(CanonicalUri, EncodesEveryByteOfTheKeyOnce) {
  EXPECT_EQ(CanonicalUri("/b/a%20b"), "/b/a%20b");
  EXPECT_EQ(CanonicalUri("/b/a b"), "/b/a%20b");
  EXPECT_EQ(CanonicalUri("/b/a+b"), "/b/a%2Bb");
  EXPECT_EQ(CanonicalUri("/b/a%2bb"), "/b/a%2Bb");
  EXPECT_EQ(CanonicalUri("/b/a%252Fb"), "/b/a%252Fb");
  EXPECT_EQ(CanonicalUri("/b/%C3%BC"), "/b/%C3%BC");
  EXPECT_EQ(CanonicalUri("/b/\xC3\xBC"), "/b/%C3%BC");
  EXPECT_EQ(CanonicalUri("/b/-_.~"), "/b/-_.~");
  EXPECT_EQ(CanonicalUri("/b/!*'()$&,;:=@"), "/b/%21%2A%27%28%29%24%26%2C%3B%3A%3D%40");
}

TEST(CanonicalUri, KeepsSlashesAndDots) {
  EXPECT_EQ(CanonicalUri("/b//a///"), "/b//a///");
  EXPECT_EQ(CanonicalUri("/b/../a/./"), "/b/../a/./");
  EXPECT_EQ(CanonicalUri(""), "/");
}

TEST(CanonicalUri, TakesAPercentWithoutTwoDigitsForItself) {
  EXPECT_EQ(CanonicalUri("/100%"), "/100%25");
  EXPECT_EQ(CanonicalUri("/%zz%4"), "/%25zz%254");
}

TEST(CanonicalQuery, SortsByNameThenValue) {
  EXPECT_EQ(CanonicalQuery(DecodeQuery("b=2&a=3&a=1&A=9&a=")), "A=9&a=&a=1&a=3&b=2");
}

TEST(CanonicalQuery, SortsEncodedNames) {
  // '%' sorts before 'a' though the byte 0xC3 does not.
  EXPECT_EQ(CanonicalQuery(DecodeQuery("a=1&%C3%BC=2")), "%C3%BC=2&a=1");
}

TEST(CanonicalQuery, GivesEveryNameAValue) {
  EXPECT_EQ(CanonicalQuery(DecodeQuery("acl")), "acl=");
  EXPECT_EQ(CanonicalQuery(DecodeQuery("acl=")), "acl=");
  EXPECT_EQ(CanonicalQuery(DecodeQuery("&&acl&")), "acl=");
  EXPECT_EQ(CanonicalQuery(DecodeQuery("")), "");
  EXPECT_EQ(CanonicalQuery(DecodeQuery("a=b=c")), "a=b%3Dc");
}

TEST(CanonicalQuery, ReadsAPlusAsASpace) {
  EXPECT_EQ(CanonicalQuery(DecodeQuery("prefix=a+b%2Bc%20d/")), "prefix=a%20b%2Bc%20d%2F");
}

TEST(CanonicalHeaders, TrimsCollapsesAndJoins) {
  SignedRequest request;
  request.headers = {{"X-Amz-Meta-A", "  a   b\t c "}, {"Host", "h"}, {"x-amz-meta-a", "2"}};
  const std::vector<std::string> names = {"host", "missing", "x-amz-meta-a"};
  EXPECT_EQ(CanonicalHeaders(request.View(), names), "host:h\nmissing:\nx-amz-meta-a:a b c,2\n");
}

TEST(AmzTime, ReadsBothForms) {
  EXPECT_EQ(ParseAmzTime("20130524T000000Z")->time_since_epoch().count(), 1369353600);
  EXPECT_EQ(ParseHttpDate("Fri, 24 May 2013 00:00:00 GMT"), ParseAmzTime("20130524T000000Z"));
  EXPECT_EQ(ParseHttpDate("Fri, 24 May 2013 00:00:00 -0000"), ParseAmzTime("20130524T000000Z"));
  EXPECT_EQ(FormatAmzTime(At("20240229T235959Z")), "20240229T235959Z");
  EXPECT_EQ(FormatIsoTime(At("20240229T235959Z")), "2024-02-29T23:59:59Z");
}

TEST(AmzTime, RefusesWhatIsNoTime) {
  for (const char* text : {"", "20130524", "20130524T000000", "20130524t000000Z",
                           "20130524T000000Zx", "20131324T000000Z", "20130230T000000Z",
                           "20130524T250000Z", "2013-05-24T00:00:00Z", "2013052 T000000Z"}) {
    EXPECT_FALSE(ParseAmzTime(text)) << text;
  }
  for (const char* text : {"", "Fri", "Fri, 24 May 2013", "Xxx, 24 May 2013 00:00:00 GMT",
                           "Fri, 24 Xxx 2013 00:00:00 GMT", "Fri, 24 May 2013 00:00:00 CET",
                           "Fri, 31 Jun 2013 00:00:00 GMT", "Fri, 24 May 2013 00:00:00"}) {
    EXPECT_FALSE(ParseHttpDate(text)) << text;
  }
}

}  // namespace
}  // namespace mkv::s3
