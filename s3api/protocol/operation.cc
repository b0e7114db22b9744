#include "s3api/protocol/operation.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace mkv::s3 {
namespace {

using enum Operation;
using enum Level;
using enum Action;

// In the order of the enumeration.
constexpr auto kOperations = std::to_array<OperationInfo>({
    {kAbortMultipartUpload, "AbortMultipartUpload", kObject, "DELETE", kWrite, "uploadId"},
    {kCompleteMultipartUpload, "CompleteMultipartUpload", kObject, "POST", kWrite, "uploadId"},
    {kCopyObject, "CopyObject", kObject, "PUT", kWrite},
    {kCreateBucket, "CreateBucket", kBucket, "PUT", kWrite},
    {kCreateBucketMetadataConfiguration, "CreateBucketMetadataConfiguration", kBucket, "POST",
     kAdmin, "metadataConfiguration"},
    {kCreateBucketMetadataTableConfiguration, "CreateBucketMetadataTableConfiguration", kBucket,
     "POST", kAdmin, "metadataTable"},
    {kCreateMultipartUpload, "CreateMultipartUpload", kObject, "POST", kWrite, "uploads"},
    {kCreateSession, "CreateSession", kBucket, "GET", kRead, "session"},
    {kDeleteBucket, "DeleteBucket", kBucket, "DELETE", kAdmin},
    {kDeleteBucketAnalyticsConfiguration, "DeleteBucketAnalyticsConfiguration", kBucket, "DELETE",
     kAdmin, "analytics", "id"},
    {kDeleteBucketCors, "DeleteBucketCors", kBucket, "DELETE", kAdmin, "cors"},
    {kDeleteBucketEncryption, "DeleteBucketEncryption", kBucket, "DELETE", kAdmin, "encryption"},
    {kDeleteBucketIntelligentTieringConfiguration, "DeleteBucketIntelligentTieringConfiguration",
     kBucket, "DELETE", kAdmin, "intelligent-tiering", "id"},
    {kDeleteBucketInventoryConfiguration, "DeleteBucketInventoryConfiguration", kBucket, "DELETE",
     kAdmin, "inventory", "id"},
    {kDeleteBucketLifecycle, "DeleteBucketLifecycle", kBucket, "DELETE", kAdmin, "lifecycle"},
    {kDeleteBucketMetadataConfiguration, "DeleteBucketMetadataConfiguration", kBucket, "DELETE",
     kAdmin, "metadataConfiguration"},
    {kDeleteBucketMetadataTableConfiguration, "DeleteBucketMetadataTableConfiguration", kBucket,
     "DELETE", kAdmin, "metadataTable"},
    {kDeleteBucketMetricsConfiguration, "DeleteBucketMetricsConfiguration", kBucket, "DELETE",
     kAdmin, "metrics", "id"},
    {kDeleteBucketOwnershipControls, "DeleteBucketOwnershipControls", kBucket, "DELETE", kAdmin,
     "ownershipControls"},
    {kDeleteBucketPolicy, "DeleteBucketPolicy", kBucket, "DELETE", kAdmin, "policy"},
    {kDeleteBucketReplication, "DeleteBucketReplication", kBucket, "DELETE", kAdmin, "replication"},
    {kDeleteBucketTagging, "DeleteBucketTagging", kBucket, "DELETE", kAdmin, "tagging"},
    {kDeleteBucketWebsite, "DeleteBucketWebsite", kBucket, "DELETE", kAdmin, "website"},
    {kDeleteObject, "DeleteObject", kObject, "DELETE", kWrite},
    {kDeleteObjectAnnotation, "DeleteObjectAnnotation", kObject, "DELETE", kWrite, "annotation"},
    {kDeleteObjectTagging, "DeleteObjectTagging", kObject, "DELETE", kWrite, "tagging"},
    {kDeleteObjects, "DeleteObjects", kBucket, "POST", kWrite, "delete"},
    {kDeletePublicAccessBlock, "DeletePublicAccessBlock", kBucket, "DELETE", kAdmin,
     "publicAccessBlock"},
    {kGetBucketAbac, "GetBucketAbac", kBucket, "GET", kRead, "abac"},
    {kGetBucketAccelerateConfiguration, "GetBucketAccelerateConfiguration", kBucket, "GET", kRead,
     "accelerate"},
    {kGetBucketAcl, "GetBucketAcl", kBucket, "GET", kRead, "acl"},
    {kGetBucketAnalyticsConfiguration, "GetBucketAnalyticsConfiguration", kBucket, "GET", kRead,
     "analytics", "id"},
    {kGetBucketCors, "GetBucketCors", kBucket, "GET", kRead, "cors"},
    {kGetBucketEncryption, "GetBucketEncryption", kBucket, "GET", kRead, "encryption"},
    {kGetBucketIntelligentTieringConfiguration, "GetBucketIntelligentTieringConfiguration", kBucket,
     "GET", kRead, "intelligent-tiering", "id"},
    {kGetBucketInventoryConfiguration, "GetBucketInventoryConfiguration", kBucket, "GET", kRead,
     "inventory", "id"},
    {kGetBucketLifecycleConfiguration, "GetBucketLifecycleConfiguration", kBucket, "GET", kRead,
     "lifecycle"},
    {kGetBucketLocation, "GetBucketLocation", kBucket, "GET", kRead, "location"},
    {kGetBucketLogging, "GetBucketLogging", kBucket, "GET", kRead, "logging"},
    {kGetBucketMetadataConfiguration, "GetBucketMetadataConfiguration", kBucket, "GET", kRead,
     "metadataConfiguration"},
    {kGetBucketMetadataTableConfiguration, "GetBucketMetadataTableConfiguration", kBucket, "GET",
     kRead, "metadataTable"},
    {kGetBucketMetricsConfiguration, "GetBucketMetricsConfiguration", kBucket, "GET", kRead,
     "metrics", "id"},
    {kGetBucketNotificationConfiguration, "GetBucketNotificationConfiguration", kBucket, "GET",
     kRead, "notification"},
    {kGetBucketOwnershipControls, "GetBucketOwnershipControls", kBucket, "GET", kRead,
     "ownershipControls"},
    {kGetBucketPolicy, "GetBucketPolicy", kBucket, "GET", kRead, "policy"},
    {kGetBucketPolicyStatus, "GetBucketPolicyStatus", kBucket, "GET", kRead, "policyStatus"},
    {kGetBucketReplication, "GetBucketReplication", kBucket, "GET", kRead, "replication"},
    {kGetBucketRequestPayment, "GetBucketRequestPayment", kBucket, "GET", kRead, "requestPayment"},
    {kGetBucketTagging, "GetBucketTagging", kBucket, "GET", kRead, "tagging"},
    {kGetBucketVersioning, "GetBucketVersioning", kBucket, "GET", kRead, "versioning"},
    {kGetBucketWebsite, "GetBucketWebsite", kBucket, "GET", kRead, "website"},
    {kGetObject, "GetObject", kObject, "GET", kRead},
    {kGetObjectAcl, "GetObjectAcl", kObject, "GET", kRead, "acl"},
    {kGetObjectAnnotation, "GetObjectAnnotation", kObject, "GET", kRead, "annotation",
     "annotationName"},
    {kGetObjectAttributes, "GetObjectAttributes", kObject, "GET", kRead, "attributes"},
    {kGetObjectLegalHold, "GetObjectLegalHold", kObject, "GET", kRead, "legal-hold"},
    {kGetObjectLockConfiguration, "GetObjectLockConfiguration", kBucket, "GET", kRead,
     "object-lock"},
    {kGetObjectRetention, "GetObjectRetention", kObject, "GET", kRead, "retention"},
    {kGetObjectTagging, "GetObjectTagging", kObject, "GET", kRead, "tagging"},
    {kGetObjectTorrent, "GetObjectTorrent", kObject, "GET", kRead, "torrent"},
    {kGetPublicAccessBlock, "GetPublicAccessBlock", kBucket, "GET", kRead, "publicAccessBlock"},
    {kHeadBucket, "HeadBucket", kBucket, "HEAD", kRead},
    {kHeadObject, "HeadObject", kObject, "HEAD", kRead},
    {kListBucketAnalyticsConfigurations, "ListBucketAnalyticsConfigurations", kBucket, "GET", kRead,
     "analytics"},
    {kListBucketIntelligentTieringConfigurations, "ListBucketIntelligentTieringConfigurations",
     kBucket, "GET", kRead, "intelligent-tiering"},
    {kListBucketInventoryConfigurations, "ListBucketInventoryConfigurations", kBucket, "GET", kRead,
     "inventory"},
    {kListBucketMetricsConfigurations, "ListBucketMetricsConfigurations", kBucket, "GET", kRead,
     "metrics"},
    {kListBuckets, "ListBuckets", kService, "GET", kRead},
    {kListMultipartUploads, "ListMultipartUploads", kBucket, "GET", kRead, "uploads"},
    {kListObjectAnnotations, "ListObjectAnnotations", kObject, "GET", kRead, "annotation"},
    {kListObjectVersions, "ListObjectVersions", kBucket, "GET", kRead, "versions"},
    {kListObjects, "ListObjects", kBucket, "GET", kRead},
    {kListObjectsV2, "ListObjectsV2", kBucket, "GET", kRead},
    {kListParts, "ListParts", kObject, "GET", kRead, "uploadId"},
    {kPostObject, "PostObject", kBucket, "POST", kWrite},
    {kPreflight, "Preflight", kService, "OPTIONS", kRead},
    {kPutBucketAbac, "PutBucketAbac", kBucket, "PUT", kAdmin, "abac"},
    {kPutBucketAccelerateConfiguration, "PutBucketAccelerateConfiguration", kBucket, "PUT", kAdmin,
     "accelerate"},
    {kPutBucketAcl, "PutBucketAcl", kBucket, "PUT", kAdmin, "acl"},
    {kPutBucketAnalyticsConfiguration, "PutBucketAnalyticsConfiguration", kBucket, "PUT", kAdmin,
     "analytics", "id"},
    {kPutBucketCors, "PutBucketCors", kBucket, "PUT", kAdmin, "cors"},
    {kPutBucketEncryption, "PutBucketEncryption", kBucket, "PUT", kAdmin, "encryption"},
    {kPutBucketIntelligentTieringConfiguration, "PutBucketIntelligentTieringConfiguration", kBucket,
     "PUT", kAdmin, "intelligent-tiering", "id"},
    {kPutBucketInventoryConfiguration, "PutBucketInventoryConfiguration", kBucket, "PUT", kAdmin,
     "inventory", "id"},
    {kPutBucketLifecycleConfiguration, "PutBucketLifecycleConfiguration", kBucket, "PUT", kAdmin,
     "lifecycle"},
    {kPutBucketLogging, "PutBucketLogging", kBucket, "PUT", kAdmin, "logging"},
    {kPutBucketMetricsConfiguration, "PutBucketMetricsConfiguration", kBucket, "PUT", kAdmin,
     "metrics", "id"},
    {kPutBucketNotificationConfiguration, "PutBucketNotificationConfiguration", kBucket, "PUT",
     kAdmin, "notification"},
    {kPutBucketOwnershipControls, "PutBucketOwnershipControls", kBucket, "PUT", kAdmin,
     "ownershipControls"},
    {kPutBucketPolicy, "PutBucketPolicy", kBucket, "PUT", kAdmin, "policy"},
    {kPutBucketReplication, "PutBucketReplication", kBucket, "PUT", kAdmin, "replication"},
    {kPutBucketRequestPayment, "PutBucketRequestPayment", kBucket, "PUT", kAdmin, "requestPayment"},
    {kPutBucketTagging, "PutBucketTagging", kBucket, "PUT", kAdmin, "tagging"},
    {kPutBucketVersioning, "PutBucketVersioning", kBucket, "PUT", kAdmin, "versioning"},
    {kPutBucketWebsite, "PutBucketWebsite", kBucket, "PUT", kAdmin, "website"},
    {kPutObject, "PutObject", kObject, "PUT", kWrite},
    {kPutObjectAcl, "PutObjectAcl", kObject, "PUT", kWrite, "acl"},
    {kPutObjectAnnotation, "PutObjectAnnotation", kObject, "PUT", kWrite, "annotation"},
    {kPutObjectLegalHold, "PutObjectLegalHold", kObject, "PUT", kWrite, "legal-hold"},
    {kPutObjectLockConfiguration, "PutObjectLockConfiguration", kBucket, "PUT", kAdmin,
     "object-lock"},
    {kPutObjectRetention, "PutObjectRetention", kObject, "PUT", kWrite, "retention"},
    {kPutObjectTagging, "PutObjectTagging", kObject, "PUT", kWrite, "tagging"},
    {kPutPublicAccessBlock, "PutPublicAccessBlock", kBucket, "PUT", kAdmin, "publicAccessBlock"},
    {kRenameObject, "RenameObject", kObject, "PUT", kWrite, "renameObject"},
    {kRestoreObject, "RestoreObject", kObject, "POST", kWrite, "restore"},
    {kSelectObjectContent, "SelectObjectContent", kObject, "POST", kRead, "select"},
    {kUpdateBucketMetadataAnnotationTableConfiguration,
     "UpdateBucketMetadataAnnotationTableConfiguration", kBucket, "PUT", kAdmin,
     "metadataAnnotationTable"},
    {kUpdateBucketMetadataInventoryTableConfiguration,
     "UpdateBucketMetadataInventoryTableConfiguration", kBucket, "PUT", kAdmin,
     "metadataInventoryTable"},
    {kUpdateBucketMetadataJournalTableConfiguration,
     "UpdateBucketMetadataJournalTableConfiguration", kBucket, "PUT", kAdmin,
     "metadataJournalTable"},
    {kUpdateObjectEncryption, "UpdateObjectEncryption", kObject, "PUT", kWrite, "encryption"},
    {kUploadPart, "UploadPart", kObject, "PUT", kWrite, "uploadId"},
    {kUploadPartCopy, "UploadPartCopy", kObject, "PUT", kWrite, "uploadId"},
    {kWriteGetObjectResponse, "WriteGetObjectResponse", kService, "POST", kWrite},
});

consteval bool OperationsAreInOrder() {
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    if (static_cast<std::size_t>(kOperations[i].operation) != i) return false;
  }
  return kOperations.size() == static_cast<std::size_t>(kWriteGetObjectResponse) + 1;
}
static_assert(OperationsAreInOrder());

constexpr bool IsSmallLetter(char c) { return c >= 'a' && c <= 'z'; }

consteval bool SubResourcesBeginWithASmallLetter() {
  return std::all_of(kOperations.begin(), kOperations.end(), [](const OperationInfo& info) {
    return info.sub_resource.empty() || IsSmallLetter(info.sub_resource.front());
  });
}
static_assert(SubResourcesBeginWithASmallLetter());

}  // namespace

const OperationInfo& InfoOf(Operation operation) {
  return kOperations[static_cast<std::size_t>(operation)];
}

std::span<const OperationInfo> AllOperations() { return kOperations; }

bool IsSubResource(std::string_view name) {
  // None of the parameters of a presigned query does, and there are six of them.
  if (name.empty() || !IsSmallLetter(name.front())) return false;
  return std::any_of(kOperations.begin(), kOperations.end(),
                     [name](const OperationInfo& info) { return info.sub_resource == name; });
}

}  // namespace mkv::s3
