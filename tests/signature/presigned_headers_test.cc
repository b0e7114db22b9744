#include "s3api/signature/presigned_headers.h"

#include <gtest/gtest.h>

namespace mkv::s3 {
namespace {

http::RequestHead Asking(const std::string& query) {
  http::RequestHead head;
  head.query = query;
  return head;
}

std::optional<http::RequestHead> Acting(const http::RequestHead& head) {
  return WithPresignedHeaders(head, DecodeQuery(head.query));
}

TEST(PresignedHeadersTest, ParametersThatWereSignedActAsHeaders) {
  const auto head = Acting(
      Asking("X-Amz-Algorithm=A&X-Amz-Signature=S&x-amz-acl=public-read&x-amz-tagging=a%3D1%26b"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.get("x-amz-acl"), "public-read");
  EXPECT_EQ(head->headers.get("x-amz-tagging"), "a=1&b");
  EXPECT_EQ(head->headers.size(), 2U);
}

TEST(PresignedHeadersTest, WithVersion2ContentTypeToo) {
  const auto head = Acting(
      Asking("AWSAccessKeyId=A&Signature=S&Expires=1&content-type=text%2Fplain&content-md5=x"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.get("Content-Type"), "text/plain");
  EXPECT_EQ(head->headers.get("Content-MD5"), "x");
  EXPECT_FALSE(head->headers.has("Expires"));
}

TEST(PresignedHeadersTest, WhatNobodySignedIsAParameterLikeOthers) {
  EXPECT_FALSE(Acting(Asking("x-amz-acl=public-read")));
  EXPECT_FALSE(Acting(Asking("Signature=S&x-amz-acl=public-read")));
  EXPECT_FALSE(Acting(Asking("X-Amz-Signature=S&X-Amz-Date=D&content-type=x")));
}

TEST(PresignedHeadersTest, TheChecksumOfNothingIsPassedOver) {
  const std::string query = "X-Amz-Signature=S&x-amz-sdk-checksum-algorithm=CRC32";
  EXPECT_FALSE(Acting(Asking(query + "&x-amz-checksum-crc32=AAAAAA%3D%3D")));
  const auto head = Acting(Asking(query + "&x-amz-checksum-crc32=AAAAAQ%3D%3D"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.get("x-amz-checksum-crc32"), "AAAAAQ==");
  EXPECT_EQ(head->headers.get("x-amz-sdk-checksum-algorithm"), "CRC32");
}

TEST(PresignedHeadersTest, AHeaderThatWasSentStays) {
  http::RequestHead sent = Asking("X-Amz-Signature=S&x-amz-acl=public-read&x-amz-meta-a=1");
  sent.headers.add("x-amz-acl", "private");
  const auto head = Acting(sent);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.get("x-amz-acl"), "private");
  EXPECT_EQ(head->headers.get("x-amz-meta-a"), "1");
}

}  // namespace
}  // namespace mkv::s3
