#include <utility>

#include "tests/s3_gateway/s3_gateway_test.h"

namespace mkv::testing {
namespace {

class ProbesTest : public S3GatewayTest {
 protected:
  void SetUp() override {
    StartS3();
    ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b"}).status, 200);
    ASSERT_EQ(S3("alice", {.method = "PUT", .target = "/shared-b/k", .body = "value"}).status, 200);
  }
};

TEST_F(ProbesTest, WhatWasNeverSetIsToldAsS3Does) {
  const std::pair<const char*, const char*> answers[] = {
      {"policy", "404 NoSuchBucketPolicy"},
      {"policyStatus", "404 NoSuchBucketPolicy"},
      {"ownershipControls", "404 OwnershipControlsNotFoundError"},
      {"requestPayment", "200 BucketOwner"},
      {"encryption", "404 ServerSideEncryptionConfigurationNotFoundError"},
      {"lifecycle", "404 NoSuchLifecycleConfiguration"},
      {"publicAccessBlock", "404 NoSuchPublicAccessBlockConfiguration"},
      {"logging", "200 "},
      {"notification", "200 "},
      {"accelerate", "200 "},
      {"versioning", "200 "},
      {"replication", "404 ReplicationConfigurationNotFoundError"},
      {"website", "404 NoSuchWebsiteConfiguration"},
      {"object-lock", "404 ObjectLockConfigurationNotFoundError"},
      {"analytics", "200 "},
      {"analytics&id=x", "404 NoSuchConfiguration"},
      {"inventory", "200 "},
      {"metrics&id=x", "404 NoSuchConfiguration"},
      {"intelligent-tiering", "200 "},
      {"tagging", "404 NoSuchTagSet"},
      {"cors", "404 NoSuchCORSConfiguration"}};
  for (const auto& [query, expected] : answers) {
    const HttpResponse response = S3("alice", {.target = std::string("/shared-b?") + query});
    std::string told = std::to_string(response.status) + " ";
    told += response.status == 200 ? Element(response.body, "Payer") : Code(response);
    EXPECT_EQ(told, expected) << query << ": " << response.body;
    EXPECT_EQ(S3("", {.target = std::string("/shared-b?") + query}).status, 403) << query;
  }
  EXPECT_EQ(Code(S3("alice", {.target = "/shared-b/k?retention"})), "InvalidRequest");
  EXPECT_EQ(Code(S3("alice", {.target = "/shared-b/k?legal-hold"})), "InvalidRequest");
  EXPECT_EQ(Code(S3("alice", {.target = "/shared-b/absent?legal-hold"})), "NoSuchKey");
}

TEST_F(ProbesTest, SettingThemIsNotImplementedAndTakingThemAwaySucceeds) {
  for (const char* query : {"policy", "lifecycle", "encryption", "publicAccessBlock"}) {
    const std::string target = std::string("/shared-b?") + query;
    EXPECT_EQ(Code(S3("alice", {.method = "PUT", .target = target, .body = "x"})),
              "NotImplemented");
    EXPECT_EQ(S3("alice", {.method = "DELETE", .target = target}).status, 204);
    EXPECT_EQ(S3("bob", {.method = "DELETE", .target = target}).status, 403);
  }
}

TEST_F(ProbesTest, EveryObjectIsItsOneVersion) {
  const HttpResponse listed = S3("alice", {.target = "/shared-b?versions&prefix=k"});
  EXPECT_EQ(listed.status, 200);
  EXPECT_EQ(Element(listed.body, "VersionId"), "null") << listed.body;
  EXPECT_EQ(Element(listed.body, "Size"), "5");
  EXPECT_EQ(Element(S3("alice", {.target = "/shared-b?versions&key-marker=k"}).body, "Version"),
            "");
  EXPECT_EQ(S3("alice", {.target = "/shared-b/k?versionId=null"}).body, "value");
  EXPECT_EQ(S3("alice", {.target = "/shared-b/k?tagging&versionId=null"}).status, 200);
  EXPECT_EQ(Code(S3("alice", {.target = "/shared-b/k?versionId=other"})), "InvalidArgument");
  const std::string absent = "abcdefghijklmnopqrstuvwxyz01234_";
  EXPECT_EQ(Code(S3("alice", {.target = "/shared-b/k?versionId=" + absent})), "NoSuchVersion");
  EXPECT_EQ(Code(S3("alice", {.method = "DELETE", .target = "/shared-b/k?versionId=" + absent})),
            "NoSuchVersion");
  EXPECT_EQ(S3("alice", {.method = "DELETE", .target = "/shared-b/k?versionId=null"}).status, 204);
  EXPECT_EQ(S3("alice", {.target = "/shared-b/k"}).status, 404);
}

TEST_F(ProbesTest, ABucketThatCanNotBeHasAnInvalidName) {
  EXPECT_EQ(Code(S3("admin", {.target = "/absent?list-type=2"})), "NoSuchBucket");
  EXPECT_EQ(Code(S3("admin", {.target = "/Team_A?list-type=2"})), "NoSuchBucket");
  EXPECT_EQ(Code(S3("admin", {.target = "/a%20b/key?x-id=GetObject"})), "InvalidBucketName");
  EXPECT_EQ(Code(S3("admin", {.target = "/ab?list-type=2"})), "InvalidBucketName");
}

}  // namespace
}  // namespace mkv::testing
