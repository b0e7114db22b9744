#include "s3api/protocol/object_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "s3api/protocol/error.h"
#include "tests/s3/request_heads.h"

namespace mkv::s3 {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Headers Stored(const Headers& headers) {
  format::ObjectMetadata metadata;
  metadata.add_headers()->set_name("of-before");
  StoreObjectHeaders(HeadOf(headers), metadata);
  Headers stored;
  for (const format::Header& header : metadata.headers()) {
    stored.emplace_back(header.name(), header.value());
  }
  return stored;
}

std::string HeadersProblem(const Headers& headers) {
  try {
    Stored(headers);
  } catch (const S3Error& error) {
    return error.code();
  }
  return "";
}

TEST(ObjectHeadersTest, ContentHeadersAndUserMetadataAreKept) {
  EXPECT_THAT(Stored({{"Content-Type", "text/plain"},
                      {"Cache-Control", "no-cache"},
                      {"Content-Disposition", "attachment"},
                      {"Content-Language", "de"},
                      {"Expires", "whenever"},
                      {"X-Amz-Meta-Mtime", "1.5"},
                      {"x-amz-website-redirect-location", "/other"},
                      {"Host", "h"},
                      {"Authorization", "secret"},
                      {"x-amz-date", "d"}}),
              UnorderedElementsAre(
                  Pair("content-type", "text/plain"), Pair("cache-control", "no-cache"),
                  Pair("content-disposition", "attachment"), Pair("content-language", "de"),
                  Pair("expires", "whenever"), Pair("x-amz-meta-mtime", "1.5"),
                  Pair("x-amz-website-redirect-location", "/other")));
}

TEST(ObjectHeadersTest, DefaultsAreNotKept) {
  EXPECT_THAT(
      Stored({{"Content-Type", "binary/octet-stream"}, {"Content-Encoding", "aws-chunked"}}),
      IsEmpty());
}

TEST(ObjectHeadersTest, TheTransfersOwnEncodingIsTakenOff) {
  EXPECT_THAT(Stored({{"Content-Encoding", "aws-chunked, gzip"}}),
              ElementsAre(Pair("content-encoding", "gzip")));
}

TEST(ObjectHeadersTest, RepeatedMetadataIsJoinedAndBytesPastAsciiAreKept) {
  EXPECT_THAT(Stored({{"x-amz-meta-a", "1"}, {"X-Amz-Meta-A", "\xC3\xA9"}}),
              ElementsAre(Pair("x-amz-meta-a", "1,\xC3\xA9")));
}

TEST(ObjectHeadersTest, UserMetadataIsUpToTwoKilobytes) {
  EXPECT_EQ(HeadersProblem({{"x-amz-meta-ab", std::string(2046, 'v')}}), "");
  EXPECT_EQ(HeadersProblem({{"x-amz-meta-ab", std::string(2047, 'v')}}), "MetadataTooLarge");
  EXPECT_EQ(HeadersProblem({{"x-amz-meta-a", std::string(1023, 'v')},
                            {"x-amz-meta-b", std::string(1024, 'v')}}),
            "MetadataTooLarge");
}

TEST(ObjectHeadersTest, StorageClassAndRedirectAreChecked) {
  EXPECT_EQ(HeadersProblem({{"x-amz-storage-class", "STANDARD_IA"}}), "");
  EXPECT_EQ(HeadersProblem({{"x-amz-storage-class", "FAST"}}), "InvalidStorageClass");
  EXPECT_EQ(HeadersProblem({{"x-amz-website-redirect-location", "ftp://x"}}),
            "InvalidRedirectLocation");
}

TEST(ObjectHeadersTest, WhatIsNotThereIsNotPromised) {
  EXPECT_THROW(RefuseUnsupportedHeaders(HeadOf({{"x-amz-server-side-encryption", "AES256"}})),
               S3Error);
  EXPECT_THROW(RefuseUnsupportedHeaders(HeadOf({{"X-Amz-Object-Lock-Mode", "GOVERNANCE"}})),
               S3Error);
  EXPECT_NO_THROW(RefuseUnsupportedHeaders(HeadOf({{"x-amz-acl", "private"}})));
}

TEST(ObjectHeadersTest, AReadWithAKeyForAnEncryptedObjectIsRefused) {
  EXPECT_THROW(RefuseKeysOfCustomers(
                   HeadOf({{"X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256"}})),
               S3Error);
  EXPECT_NO_THROW(RefuseKeysOfCustomers(HeadOf({{"x-amz-checksum-mode", "ENABLED"}})));
}

TEST(ObjectHeadersTest, ADirectiveIsCopyOrReplace) {
  const std::string name = "x-amz-metadata-directive";
  EXPECT_FALSE(IsReplaceDirective(HeadOf({}), name));
  EXPECT_FALSE(IsReplaceDirective(HeadOf({{name, "COPY"}}), name));
  EXPECT_TRUE(IsReplaceDirective(HeadOf({{name, "REPLACE"}}), name));
  EXPECT_THROW(IsReplaceDirective(HeadOf({{name, "replace"}}), name), S3Error);
}

Headers Answered(const Headers& headers, std::string_view query) {
  format::ObjectMetadata metadata;
  metadata.set_mtime_us(1'255'369'830'123'456);
  StoreObjectHeaders(HeadOf(headers), metadata);
  http::Response response;
  AddObjectHeaders(metadata, "abc", ResponseOverrides(Query(query), true), response);
  return response.headers;
}

TEST(ObjectHeadersTest, AnAnswerDescribesTheObject) {
  EXPECT_THAT(
      Answered({}, ""),
      ElementsAre(Pair("ETag", "\"abc\""), Pair("Last-Modified", "Mon, 12 Oct 2009 17:50:30 GMT"),
                  Pair("Accept-Ranges", "bytes"), Pair("Content-Type", "binary/octet-stream")));
  EXPECT_THAT(
      Answered({{"content-type", "text/plain"}, {"x-amz-meta-a", "b"}}, ""),
      ::testing::IsSupersetOf({Pair("Content-Type", "text/plain"), Pair("x-amz-meta-a", "b")}));
}

TEST(ObjectHeadersTest, OverridesReplaceWhatIsKept) {
  const Headers headers =
      Answered({{"Content-Type", "text/plain"}, {"Cache-Control", "no-cache"}},
               "response-content-type=image%2Fpng&response-expires=0&response-x-amz-meta-a=b");
  EXPECT_THAT(headers, Contains(Pair("Content-Type", "image/png")));
  EXPECT_THAT(headers, ::testing::Not(Contains(Pair("Content-Type", "text/plain"))));
  EXPECT_THAT(headers, Contains(Pair("Cache-Control", "no-cache")));
  EXPECT_THAT(headers, Contains(Pair("Expires", "0")));
  EXPECT_EQ(headers.size(), 6u);
}

TEST(ObjectHeadersTest, OverridesNeedASignature) {
  EXPECT_THROW(ResponseOverrides(Query("response-expires=0"), false), S3Error);
  EXPECT_THAT(ResponseOverrides(Query("x-id=GetObject"), false), IsEmpty());
}

}  // namespace
}  // namespace mkv::s3
