#include <fmt/format.h>

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

// A document without anything in it, or with this.
struct Told {
  const char* query;
  const char* root;
  const char* content = "";
};

TEST_F(ProbesTest, WhatHasADefaultIsTold) {
  constexpr char kNotTruncated[] = "<IsTruncated>false</IsTruncated>";
  for (const Told& told : {
           Told{"requestPayment", "RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>"},
           Told{"logging", "BucketLoggingStatus"},
           Told{"notification", "NotificationConfiguration"},
           Told{"accelerate", "AccelerateConfiguration"},
           Told{"versioning", "VersioningConfiguration"},
           Told{"abac", "AbacStatus", "<Status>Disabled</Status>"},
           Told{"location", "LocationConstraint"},
           Told{"analytics", "ListBucketAnalyticsConfigurationResult", kNotTruncated},
           Told{"inventory", "ListInventoryConfigurationsResult", kNotTruncated},
           Told{"metrics", "ListMetricsConfigurationsResult", kNotTruncated},
           Told{"intelligent-tiering", "ListBucketIntelligentTieringConfigurationsOutput",
                kNotTruncated},
       }) {
    const HttpResponse response = S3("alice", {.target = std::string("/shared-b?") + told.query});
    EXPECT_EQ(response.status, 200) << told.query;
    EXPECT_EQ(response.Header("Content-Type"), "application/xml") << told.query;
    std::string expected = fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>{}<{} xmlns="{}")",
                                       "\n", told.root, "http://s3.amazonaws.com/doc/2006-03-01/");
    const std::string_view content = told.content;
    expected += content.empty() ? "/>" : fmt::format(">{}</{}>", content, told.root);
    EXPECT_EQ(response.body, expected) << told.query;
    EXPECT_EQ(S3("", {.target = std::string("/shared-b?") + told.query}).status, 403) << told.query;
  }
}

TEST_F(ProbesTest, WhatWasNeverSetIsNotFound) {
  const std::pair<const char*, const char*> answers[] = {
      {"policy", "NoSuchBucketPolicy"},
      {"policyStatus", "NoSuchBucketPolicy"},
      {"ownershipControls", "OwnershipControlsNotFoundError"},
      {"encryption", "ServerSideEncryptionConfigurationNotFoundError"},
      {"lifecycle", "NoSuchLifecycleConfiguration"},
      {"publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"},
      {"replication", "ReplicationConfigurationNotFoundError"},
      {"website", "NoSuchWebsiteConfiguration"},
      {"object-lock", "ObjectLockConfigurationNotFoundError"},
      {"analytics&id=x", "NoSuchConfiguration"},
      {"inventory&id=x", "NoSuchConfiguration"},
      {"metrics&id=x", "NoSuchConfiguration"},
      {"intelligent-tiering&id=x", "NoSuchConfiguration"},
      {"metadataConfiguration", "MetadataConfigurationNotFound"},
      {"metadataTable", "MetadataConfigurationNotFound"},
      {"tagging", "NoSuchTagSet"},
      {"cors", "NoSuchCORSConfiguration"}};
  for (const auto& [query, code] : answers) {
    const HttpResponse response = S3("alice", {.target = std::string("/shared-b?") + query});
    EXPECT_EQ(response.status, 404) << query;
    EXPECT_EQ(Code(response), code) << query;
    EXPECT_NE(Element(response.body, "Message"), "") << query;
    EXPECT_EQ(Element(response.body, "BucketName"), "shared-b") << query;
    EXPECT_NE(Element(response.body, "RequestId"), "") << query;
    EXPECT_EQ(S3("", {.target = std::string("/shared-b?") + query}).status, 403) << query;
    EXPECT_EQ(Code(S3("admin", {.target = std::string("/absent?") + query})), "NoSuchBucket");
  }
}

TEST_F(ProbesTest, AnObjectWithoutObjectLockHasABucketWithout) {
  for (const char* query : {"retention", "legal-hold"}) {
    const HttpResponse response = S3("alice", {.target = std::string("/shared-b/k?") + query});
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(Code(response), "InvalidRequest");
    EXPECT_EQ(Element(response.body, "Message"), "Bucket is missing Object Lock Configuration");
    EXPECT_EQ(Code(S3("alice", {.target = std::string("/shared-b/absent?") + query})), "NoSuchKey");
  }
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
