#include "s3api/protocol/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "s3api/protocol/error.h"
#include "s3api/signature/canonical.h"
#include "tests/s3/request_heads.h"

namespace mkv::s3 {
namespace {

using ::testing::Contains;
using ::testing::Pair;

http::RequestHead HeadOf(std::string_view method, std::string_view target,
                         const Headers& headers = {}) {
  http::RequestHead head = s3::HeadOf(headers);
  head.method = method;
  head.target = target;
  const std::size_t mark = target.find('?');
  head.path = PercentDecode(target.substr(0, mark), Plus::kPlus);
  head.has_query_mark = mark != std::string_view::npos;
  if (head.has_query_mark) head.query = target.substr(mark + 1);
  return head;
}

Request RouteOf(std::string_view method, std::string_view target, const Headers& headers = {}) {
  const http::RequestHead head = HeadOf(method, target, headers);
  return Route(head, Query(head.query), "s3.example.com");
}

std::string_view NameOf(std::string_view method, std::string_view target,
                        const Headers& headers = {}) {
  return mkv::s3::NameOf(RouteOf(method, target, headers).operation);
}

S3Error ErrorOf(std::string_view method, std::string_view target, const Headers& headers = {}) {
  try {
    const Request request = RouteOf(method, target, headers);
    ADD_FAILURE() << method << " " << target << " is " << mkv::s3::NameOf(request.operation);
  } catch (const S3Error& error) {
    return error;
  }
  return S3Error(ErrorCode::kInternalError);
}

struct Example {
  std::string_view method;
  std::string_view target;
  std::string_view operation;
};

// As the S3 API reference gives method and URI of each.
constexpr Example kEveryOperation[] = {
    {"DELETE", "/bucket/a/key?uploadId=1", "AbortMultipartUpload"},
    {"POST", "/bucket/a/key?uploadId=1", "CompleteMultipartUpload"},
    {"PUT", "/bucket", "CreateBucket"},
    {"POST", "/bucket?metadataConfiguration", "CreateBucketMetadataConfiguration"},
    {"POST", "/bucket?metadataTable", "CreateBucketMetadataTableConfiguration"},
    {"POST", "/bucket/a/key?uploads", "CreateMultipartUpload"},
    {"GET", "/bucket?session", "CreateSession"},
    {"DELETE", "/bucket", "DeleteBucket"},
    {"DELETE", "/bucket?analytics&id=1", "DeleteBucketAnalyticsConfiguration"},
    {"DELETE", "/bucket?cors", "DeleteBucketCors"},
    {"DELETE", "/bucket?encryption", "DeleteBucketEncryption"},
    {"DELETE", "/bucket?intelligent-tiering&id=1", "DeleteBucketIntelligentTieringConfiguration"},
    {"DELETE", "/bucket?inventory&id=1", "DeleteBucketInventoryConfiguration"},
    {"DELETE", "/bucket?lifecycle", "DeleteBucketLifecycle"},
    {"DELETE", "/bucket?metadataConfiguration", "DeleteBucketMetadataConfiguration"},
    {"DELETE", "/bucket?metadataTable", "DeleteBucketMetadataTableConfiguration"},
    {"DELETE", "/bucket?metrics&id=1", "DeleteBucketMetricsConfiguration"},
    {"DELETE", "/bucket?ownershipControls", "DeleteBucketOwnershipControls"},
    {"DELETE", "/bucket?policy", "DeleteBucketPolicy"},
    {"DELETE", "/bucket?replication", "DeleteBucketReplication"},
    {"DELETE", "/bucket?tagging", "DeleteBucketTagging"},
    {"DELETE", "/bucket?website", "DeleteBucketWebsite"},
    {"DELETE", "/bucket/a/key", "DeleteObject"},
    {"DELETE", "/bucket/a/key?tagging", "DeleteObjectTagging"},
    {"POST", "/bucket?delete", "DeleteObjects"},
    {"DELETE", "/bucket?publicAccessBlock", "DeletePublicAccessBlock"},
    {"GET", "/bucket?abac", "GetBucketAbac"},
    {"GET", "/bucket?accelerate", "GetBucketAccelerateConfiguration"},
    {"GET", "/bucket?acl", "GetBucketAcl"},
    {"GET", "/bucket?analytics&id=1", "GetBucketAnalyticsConfiguration"},
    {"GET", "/bucket?cors", "GetBucketCors"},
    {"GET", "/bucket?encryption", "GetBucketEncryption"},
    {"GET", "/bucket?intelligent-tiering&id=1", "GetBucketIntelligentTieringConfiguration"},
    {"GET", "/bucket?inventory&id=1", "GetBucketInventoryConfiguration"},
    {"GET", "/bucket?lifecycle", "GetBucketLifecycleConfiguration"},
    {"GET", "/bucket?location", "GetBucketLocation"},
    {"GET", "/bucket?logging", "GetBucketLogging"},
    {"GET", "/bucket?metadataConfiguration", "GetBucketMetadataConfiguration"},
    {"GET", "/bucket?metadataTable", "GetBucketMetadataTableConfiguration"},
    {"GET", "/bucket?metrics&id=1", "GetBucketMetricsConfiguration"},
    {"GET", "/bucket?notification", "GetBucketNotificationConfiguration"},
    {"GET", "/bucket?ownershipControls", "GetBucketOwnershipControls"},
    {"GET", "/bucket?policy", "GetBucketPolicy"},
    {"GET", "/bucket?policyStatus", "GetBucketPolicyStatus"},
    {"GET", "/bucket?replication", "GetBucketReplication"},
    {"GET", "/bucket?requestPayment", "GetBucketRequestPayment"},
    {"GET", "/bucket?tagging", "GetBucketTagging"},
    {"GET", "/bucket?versioning", "GetBucketVersioning"},
    {"GET", "/bucket?website", "GetBucketWebsite"},
    {"GET", "/bucket/a/key", "GetObject"},
    {"GET", "/bucket/a/key?acl", "GetObjectAcl"},
    {"GET", "/bucket/a/key?attributes", "GetObjectAttributes"},
    {"GET", "/bucket/a/key?legal-hold", "GetObjectLegalHold"},
    {"GET", "/bucket?object-lock", "GetObjectLockConfiguration"},
    {"GET", "/bucket/a/key?retention", "GetObjectRetention"},
    {"GET", "/bucket/a/key?tagging", "GetObjectTagging"},
    {"GET", "/bucket/a/key?torrent", "GetObjectTorrent"},
    {"GET", "/bucket?publicAccessBlock", "GetPublicAccessBlock"},
    {"HEAD", "/bucket", "HeadBucket"},
    {"HEAD", "/bucket/a/key", "HeadObject"},
    {"GET", "/bucket?analytics", "ListBucketAnalyticsConfigurations"},
    {"GET", "/bucket?intelligent-tiering", "ListBucketIntelligentTieringConfigurations"},
    {"GET", "/bucket?inventory", "ListBucketInventoryConfigurations"},
    {"GET", "/bucket?metrics", "ListBucketMetricsConfigurations"},
    {"GET", "/", "ListBuckets"},
    {"GET", "/bucket?uploads", "ListMultipartUploads"},
    {"GET", "/bucket?versions", "ListObjectVersions"},
    {"GET", "/bucket", "ListObjects"},
    {"GET", "/bucket?list-type=2", "ListObjectsV2"},
    {"GET", "/bucket/a/key?uploadId=1", "ListParts"},
    {"PUT", "/bucket?abac", "PutBucketAbac"},
    {"PUT", "/bucket?accelerate", "PutBucketAccelerateConfiguration"},
    {"PUT", "/bucket?acl", "PutBucketAcl"},
    {"PUT", "/bucket?analytics&id=1", "PutBucketAnalyticsConfiguration"},
    {"PUT", "/bucket?cors", "PutBucketCors"},
    {"PUT", "/bucket?encryption", "PutBucketEncryption"},
    {"PUT", "/bucket?intelligent-tiering&id=1", "PutBucketIntelligentTieringConfiguration"},
    {"PUT", "/bucket?inventory&id=1", "PutBucketInventoryConfiguration"},
    {"PUT", "/bucket?lifecycle", "PutBucketLifecycleConfiguration"},
    {"PUT", "/bucket?logging", "PutBucketLogging"},
    {"PUT", "/bucket?metrics&id=1", "PutBucketMetricsConfiguration"},
    {"PUT", "/bucket?notification", "PutBucketNotificationConfiguration"},
    {"PUT", "/bucket?ownershipControls", "PutBucketOwnershipControls"},
    {"PUT", "/bucket?policy", "PutBucketPolicy"},
    {"PUT", "/bucket?replication", "PutBucketReplication"},
    {"PUT", "/bucket?requestPayment", "PutBucketRequestPayment"},
    {"PUT", "/bucket?tagging", "PutBucketTagging"},
    {"PUT", "/bucket?versioning", "PutBucketVersioning"},
    {"PUT", "/bucket?website", "PutBucketWebsite"},
    {"PUT", "/bucket/a/key", "PutObject"},
    {"PUT", "/bucket/a/key?acl", "PutObjectAcl"},
    {"PUT", "/bucket/a/key?legal-hold", "PutObjectLegalHold"},
    {"PUT", "/bucket?object-lock", "PutObjectLockConfiguration"},
    {"PUT", "/bucket/a/key?retention", "PutObjectRetention"},
    {"PUT", "/bucket/a/key?tagging", "PutObjectTagging"},
    {"PUT", "/bucket?publicAccessBlock", "PutPublicAccessBlock"},
    {"PUT", "/bucket/a/key?renameObject", "RenameObject"},
    {"POST", "/bucket/a/key?restore", "RestoreObject"},
    {"POST", "/bucket/a/key?select&select-type=2", "SelectObjectContent"},
    {"PUT", "/bucket?metadataInventoryTable", "UpdateBucketMetadataInventoryTableConfiguration"},
    {"PUT", "/bucket?metadataJournalTable", "UpdateBucketMetadataJournalTableConfiguration"},
    {"PUT", "/bucket/a/key?encryption", "UpdateObjectEncryption"},
    {"PUT", "/bucket/a/key?partNumber=1&uploadId=1", "UploadPart"},
    {"PUT", "/bucket/a/key?annotation&annotationName=n", "PutObjectAnnotation"},
    {"GET", "/bucket/a/key?annotation&annotationName=n", "GetObjectAnnotation"},
    {"GET", "/bucket/a/key?annotation", "ListObjectAnnotations"},
    {"DELETE", "/bucket/a/key?annotation&annotationName=n", "DeleteObjectAnnotation"},
    {"PUT", "/bucket?metadataAnnotationTable", "UpdateBucketMetadataAnnotationTableConfiguration"},
    {"POST", "/WriteGetObjectResponse", "WriteGetObjectResponse"},
    {"OPTIONS", "/bucket/a/key", "Preflight"},
    {"OPTIONS", "/", "Preflight"},
};

TEST(RouterTest, EveryOperationOfS3IsKnownByItsRequest) {
  std::set<std::string_view> seen = {"CopyObject", "UploadPartCopy", "PostObject"};
  for (const Example& example : kEveryOperation) {
    EXPECT_EQ(NameOf(example.method, example.target), example.operation) << example.target;
    seen.insert(example.operation);
  }
  for (const OperationInfo& info : AllOperations()) {
    EXPECT_TRUE(seen.contains(info.name)) << info.name;
  }
}

TEST(RouterTest, TheCopySourceHeaderMakesACopy) {
  const Headers copy = {{"X-Amz-Copy-Source", "/b/k"}};
  EXPECT_EQ(NameOf("PUT", "/bucket/key", copy), "CopyObject");
  EXPECT_EQ(NameOf("PUT", "/bucket/key?uploadId=u&partNumber=1", copy), "UploadPartCopy");
  EXPECT_EQ(ErrorOf("PUT", "/bucket/key?acl", copy).code(), "InvalidArgument");
  EXPECT_EQ(ErrorOf("GET", "/bucket/key", copy).code(), "InvalidArgument");
}

TEST(RouterTest, AFormPostedToABucketIsAnUpload) {
  EXPECT_EQ(NameOf("POST", "/bucket", {{"Content-Type", "Multipart/Form-Data; boundary=x"}}),
            "PostObject");
  EXPECT_EQ(ErrorOf("POST", "/bucket").code(), "PreconditionFailed");
}

TEST(RouterTest, BucketAndKeyAreDecodedFromThePath) {
  const Request request = RouteOf("GET", "/bucket/a%20b/%E2%82%AC+//c/");
  EXPECT_EQ(request.bucket, "bucket");
  EXPECT_EQ(request.key, "a b/\xE2\x82\xAC+//c/");
  EXPECT_FALSE(request.virtual_host);
  EXPECT_EQ(RouteOf("PUT", "/bucket//k").key, "/k");
  EXPECT_EQ(NameOf("HEAD", "/bucket/"), "HeadBucket");
  EXPECT_EQ(NameOf("GET", "/"), "ListBuckets");
}

TEST(RouterTest, TheHostMayNameTheBucket) {
  for (const char* host :
       {"bucket.s3.example.com", "Bucket.S3.Example.com:3000", "bucket.s3.example.com."}) {
    const Request request = RouteOf("GET", "/a/key", {{"Host", host}});
    EXPECT_EQ(request.bucket, "bucket") << host;
    EXPECT_EQ(request.key, "a/key");
    EXPECT_TRUE(request.virtual_host);
  }
  EXPECT_EQ(RouteOf("GET", "/", {{"Host", "a.b.s3.example.com"}}).bucket, "a.b");
  EXPECT_EQ(NameOf("GET", "/", {{"Host", "bucket.s3.example.com"}}), "ListObjects");
  for (const char* host : {"s3.example.com", "xs3.example.com", ".s3.example.com", "localhost:3000",
                           "[::1]:3000", "bucket.s3.example.com.evil"}) {
    EXPECT_EQ(NameOf("GET", "/", {{"Host", host}}), "ListBuckets") << host;
  }
}

TEST(RouterTest, ParametersThatSelectNothingAreIgnored) {
  EXPECT_EQ(NameOf("PUT", "/bucket/key?x-id=PutObject"), "PutObject");
  EXPECT_EQ(NameOf("GET", "/bucket/key?foo=bar&ACL&Uploads"), "GetObject");
  EXPECT_EQ(NameOf("GET", "/bucket?list-type=1&prefix=acl"), "ListObjects");
  EXPECT_EQ(NameOf("GET", "/bucket/key?partNumber=1&versionId=null"), "GetObject");
  EXPECT_EQ(NameOf("HEAD", "/bucket?list-type=2"), "HeadBucket");
}

TEST(RouterTest, ASubResourceSelectsWithAnyValueAndHoweverItIsEncoded) {
  for (const char* target : {"/bucket?acl", "/bucket?acl=", "/bucket?acl=x", "/bucket?%61cl",
                             "/bucket?prefix=a&acl&acl"}) {
    EXPECT_EQ(NameOf("GET", target), "GetBucketAcl") << target;
  }
}

TEST(RouterTest, ASubResourceWhereItDoesNotBelongIsRefused) {
  const S3Error error = ErrorOf("GET", "/bucket/key?versions");
  EXPECT_EQ(error.code(), "InvalidRequest");
  EXPECT_EQ(error.message(), "There is no such thing as the ?versions sub-resource for a key");
  EXPECT_EQ(ErrorOf("PUT", "/bucket/key?policy").code(), "InvalidRequest");
  EXPECT_EQ(ErrorOf("DELETE", "/bucket?uploadId=x").code(), "InvalidRequest");
  EXPECT_EQ(ErrorOf("DELETE", "/bucket?retention").code(), "InvalidRequest");
  EXPECT_EQ(ErrorOf("GET", "/?acl").code(), "InvalidRequest");
}

TEST(RouterTest, AMethodThatASubResourceDoesNotTakeIsNotAllowed) {
  const S3Error error = ErrorOf("DELETE", "/bucket/key?acl");
  EXPECT_EQ(error.code(), "MethodNotAllowed");
  EXPECT_EQ(error.status(), 405);
  EXPECT_THAT(error.details(), Contains(Pair("ResourceType", "ACL")));
  EXPECT_THAT(error.headers(), Contains(Pair("Allow", "GET, PUT")));
  EXPECT_EQ(ErrorOf("DELETE", "/bucket?location").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("DELETE", "/bucket?versioning").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("DELETE", "/bucket/key?uploads").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("PUT", "/bucket?delete").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("HEAD", "/bucket/key?tagging").code(), "MethodNotAllowed");
}

TEST(RouterTest, AMethodThatNothingTakesIsNotAllowed) {
  EXPECT_THAT(ErrorOf("PATCH", "/bucket/key").headers(),
              Contains(Pair("Allow", "DELETE, GET, HEAD, PUT")));
  EXPECT_EQ(ErrorOf("PUT", "/").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("POST", "/").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("POST", "/bucket/key").code(), "MethodNotAllowed");
  EXPECT_EQ(ErrorOf("TRACE", "/bucket").code(), "MethodNotAllowed");
}

TEST(RouterTest, TwoSubResourcesAreInConflict) {
  const S3Error error = ErrorOf("PUT", "/bucket/key?acl&tagging");
  EXPECT_EQ(error.code(), "InvalidArgument");
  EXPECT_EQ(error.message(), "Conflicting query string parameters: acl, tagging");
}

TEST(RouterTest, APartNeedsItsNumberAndItsUpload) {
  EXPECT_EQ(ErrorOf("PUT", "/bucket/key?partNumber=1").code(), "InvalidArgument");
  EXPECT_EQ(ErrorOf("PUT", "/bucket/key?uploadId=u").code(), "InvalidArgument");
}

TEST(RouterTest, NamesThatCanBeNoBucketAreRefused) {
  EXPECT_EQ(ErrorOf("PUT", "/Bad_Name").code(), "InvalidBucketName");
  EXPECT_EQ(NameOf("GET", "/Bad_Name/key"), "GetObject");
  EXPECT_EQ(ErrorOf("GET", "/.mkv/bucket/name").code(), "InvalidBucketName");
  EXPECT_EQ(ErrorOf("GET", "/..").code(), "InvalidBucketName");
  EXPECT_EQ(ErrorOf("GET", "//key").code(), "InvalidBucketName");
}

TEST(RouterTest, NamesThatCanBeNoKeyAreRefused) {
  EXPECT_EQ(ErrorOf("GET", "/bucket/%FF").code(), "InvalidURI");
  EXPECT_EQ(ErrorOf("GET", "/bucket/a%00").code(), "InvalidURI");
  EXPECT_EQ(ErrorOf("PUT", "/bucket/" + std::string(1025, 'k')).code(), "KeyTooLongError");
  EXPECT_EQ(RouteOf("PUT", "/bucket/" + std::string(1024, 'k')).key.size(), 1024u);
}

TEST(RouterTest, ACopySourceNamesBucketAndKey) {
  for (const char* header : {"/bucket/a%20b/c%3Fd", "bucket/a%20b/c%3Fd", "%2Fbucket/a b/c%3Fd",
                             " /bucket/a b/c%3Fd?versionId=null"}) {
    const CopySource source = ParseCopySource(header);
    EXPECT_EQ(source.bucket, "bucket") << header;
    EXPECT_EQ(source.key, "a b/c?d") << header;
  }
  EXPECT_EQ(ParseCopySource("b/k+1").key, "k 1") << "as S3 reads it";
  EXPECT_EQ(ParseCopySource("b/k%2B1").key, "k+1");
  EXPECT_EQ(ParseCopySource("b/k").version_id, std::nullopt);
  EXPECT_EQ(ParseCopySource("b/k?versionId=null").version_id, "null");
}

TEST(RouterTest, ACopySourceThatNamesNoKeyIsRefused) {
  for (const char* header :
       {"", "/", "bucket", "/bucket/", "//key", "/.mkv/bucket/name", "/bucket/%FF"}) {
    EXPECT_THROW(ParseCopySource(header), S3Error) << header;
  }
}

TEST(RouterTest, TheResourceIsNamedInPathStyle) {
  EXPECT_EQ(ResourceOf(HeadOf("GET", "/b/a%20b?acl"), ""), "/b/a b");
  EXPECT_EQ(ResourceOf(HeadOf("GET", "/k", {{"Host", "b.s3.example.com"}}), "s3.example.com"),
            "/b/k");
}

TEST(RouterTest, AWriteWithASubResourceThatIsNotKnownIsNoOtherWrite) {
  for (const char* query : {"append", "append=", "Tagging", "annotations&annotationName=a",
                            "x-id=PutObject&append", "tagging&undo"}) {
    for (const char* method : {"PUT", "POST", "DELETE"}) {
      for (const char* path : {"/bucket", "/bucket/key"}) {
        EXPECT_EQ(ErrorOf(method, std::string(path) + "?" + query).code(), "NotImplemented")
            << method << " " << path << "?" << query;
      }
    }
  }
}

TEST(RouterTest, AWriteMayCarryParametersThatSelectNothing) {
  for (const char* query :
       {"x-id=PutObject", "x-id=", "foo=bar", "", "&", "X-Amz-Signature=a&X-Amz-Security-Token=",
        "x-amz-acl=", "response-content-type=", "Signature=a&AWSAccessKeyId=b&Expires=1"}) {
    EXPECT_EQ(NameOf("PUT", "/bucket/key?" + std::string(query)), "PutObject") << query;
    EXPECT_EQ(NameOf("DELETE", "/bucket/key?" + std::string(query)), "DeleteObject") << query;
  }
  EXPECT_EQ(NameOf("DELETE", "/bucket/key?versionId="), "DeleteObject") << "refused as a version";
}

TEST(QueryTest, ParametersAreDecodedAndTheFirstOfANameCounts) {
  const Query query("prefix=a%2Fb+c&prefix=x&delimiter=&fetch-owner=true&flag");
  EXPECT_EQ(query.Text("prefix"), "a/b c");
  EXPECT_TRUE(query.Has("delimiter"));
  EXPECT_EQ(query.Text("delimiter"), "");
  EXPECT_TRUE(query.Flag("fetch-owner"));
  EXPECT_FALSE(query.Flag("flag"));
  EXPECT_EQ(query.Get("Prefix"), std::nullopt);
}

TEST(QueryTest, CountsAreCutToTheMostAndCheckedForTheRest) {
  EXPECT_EQ(Query("").Count("max-keys", 1000, 1000), 1000);
  EXPECT_EQ(Query("max-keys=").Count("max-keys", 1000, 1000), 1000);
  EXPECT_EQ(Query("max-keys=0").Count("max-keys", 1000, 1000), 0);
  EXPECT_EQ(Query("max-keys=5000").Count("max-keys", 1000, 1000), 1000);
  for (const char* raw : {"max-keys=-1", "max-keys=x", "max-keys=1x", "max-keys=2147483648"}) {
    EXPECT_THROW(Query(raw).Count("max-keys", 1000, 1000), S3Error) << raw;
  }
}

TEST(QueryTest, NumbersLieWithinTheirBounds) {
  EXPECT_EQ(Query("partNumber=10000").Number("partNumber", 1, 10'000, "no"), 10'000);
  EXPECT_EQ(Query("").Number("partNumber", 1, 10'000, "no"), std::nullopt);
  EXPECT_THROW(Query("partNumber=0").Number("partNumber", 1, 10'000, "no"), S3Error);
  EXPECT_THROW(Query("partNumber=").Number("partNumber", 1, 10'000, "no"), S3Error);
}

TEST(QueryTest, UrlIsTheOnlyEncoding) {
  EXPECT_TRUE(Query("encoding-type=url").UrlEncoding());
  EXPECT_FALSE(Query("").UrlEncoding());
  EXPECT_THROW(Query("encoding-type=xml").UrlEncoding(), S3Error);
  EXPECT_THROW(Query("encoding-type=").UrlEncoding(), S3Error);
}

}  // namespace
}  // namespace mkv::s3
