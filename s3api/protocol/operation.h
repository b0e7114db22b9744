// Every operation of S3, and how a request names it: by method, by whether it has a bucket and a
// key, and by at most one sub-resource in its query.
//
// Source: "Actions: Amazon S3", Amazon S3 API Reference (operations that AWS has since replaced by
// one with the same request are not listed twice). Constant tables; thread-safe.
#ifndef S3API_PROTOCOL_OPERATION_H_
#define S3API_PROTOCOL_OPERATION_H_

#include <span>
#include <string_view>

namespace mkv::s3 {

enum class Operation {
  kAbortMultipartUpload,
  kCompleteMultipartUpload,
  kCopyObject,
  kCreateBucket,
  kCreateBucketMetadataConfiguration,
  kCreateBucketMetadataTableConfiguration,
  kCreateMultipartUpload,
  kCreateSession,
  kDeleteBucket,
  kDeleteBucketAnalyticsConfiguration,
  kDeleteBucketCors,
  kDeleteBucketEncryption,
  kDeleteBucketIntelligentTieringConfiguration,
  kDeleteBucketInventoryConfiguration,
  kDeleteBucketLifecycle,
  kDeleteBucketMetadataConfiguration,
  kDeleteBucketMetadataTableConfiguration,
  kDeleteBucketMetricsConfiguration,
  kDeleteBucketOwnershipControls,
  kDeleteBucketPolicy,
  kDeleteBucketReplication,
  kDeleteBucketTagging,
  kDeleteBucketWebsite,
  kDeleteObject,
  kDeleteObjectAnnotation,
  kDeleteObjectTagging,
  kDeleteObjects,
  kDeletePublicAccessBlock,
  kGetBucketAbac,
  kGetBucketAccelerateConfiguration,
  kGetBucketAcl,
  kGetBucketAnalyticsConfiguration,
  kGetBucketCors,
  kGetBucketEncryption,
  kGetBucketIntelligentTieringConfiguration,
  kGetBucketInventoryConfiguration,
  kGetBucketLifecycleConfiguration,
  kGetBucketLocation,
  kGetBucketLogging,
  kGetBucketMetadataConfiguration,
  kGetBucketMetadataTableConfiguration,
  kGetBucketMetricsConfiguration,
  kGetBucketNotificationConfiguration,
  kGetBucketOwnershipControls,
  kGetBucketPolicy,
  kGetBucketPolicyStatus,
  kGetBucketReplication,
  kGetBucketRequestPayment,
  kGetBucketTagging,
  kGetBucketVersioning,
  kGetBucketWebsite,
  kGetObject,
  kGetObjectAcl,
  kGetObjectAnnotation,
  kGetObjectAttributes,
  kGetObjectLegalHold,
  kGetObjectLockConfiguration,
  kGetObjectRetention,
  kGetObjectTagging,
  kGetObjectTorrent,
  kGetPublicAccessBlock,
  kHeadBucket,
  kHeadObject,
  kListBucketAnalyticsConfigurations,
  kListBucketIntelligentTieringConfigurations,
  kListBucketInventoryConfigurations,
  kListBucketMetricsConfigurations,
  kListBuckets,
  kListMultipartUploads,
  kListObjectAnnotations,
  kListObjectVersions,
  kListObjects,
  kListObjectsV2,
  kListParts,
  kPostObject,  // a form, from a browser
  kPreflight,   // OPTIONS, from a browser
  kPutBucketAbac,
  kPutBucketAccelerateConfiguration,
  kPutBucketAcl,
  kPutBucketAnalyticsConfiguration,
  kPutBucketCors,
  kPutBucketEncryption,
  kPutBucketIntelligentTieringConfiguration,
  kPutBucketInventoryConfiguration,
  kPutBucketLifecycleConfiguration,
  kPutBucketLogging,
  kPutBucketMetricsConfiguration,
  kPutBucketNotificationConfiguration,
  kPutBucketOwnershipControls,
  kPutBucketPolicy,
  kPutBucketReplication,
  kPutBucketRequestPayment,
  kPutBucketTagging,
  kPutBucketVersioning,
  kPutBucketWebsite,
  kPutObject,
  kPutObjectAcl,
  kPutObjectAnnotation,
  kPutObjectLegalHold,
  kPutObjectLockConfiguration,
  kPutObjectRetention,
  kPutObjectTagging,
  kPutPublicAccessBlock,
  kRenameObject,
  kRestoreObject,
  kSelectObjectContent,
  kUpdateBucketMetadataAnnotationTableConfiguration,
  kUpdateBucketMetadataInventoryTableConfiguration,
  kUpdateBucketMetadataJournalTableConfiguration,
  kUpdateObjectEncryption,
  kUploadPart,
  kUploadPartCopy,
  kWriteGetObjectResponse,
};

// What an operation acts on.
enum class Level { kService, kBucket, kObject };

// What a caller needs to be allowed (credentials.h).
enum class Action {
  kRead,   // to see objects and settings
  kWrite,  // to change objects, and to make buckets
  kAdmin,  // to change what belongs to a bucket's owner: its settings, its existence
};

struct OperationInfo {
  Operation operation;
  std::string_view name;  // `ListObjectsV2`: as in the API reference, log lines and metrics
  Level level;
  std::string_view method;
  Action action;
  // The query parameter that selects it, with or without a value; empty: none.
  std::string_view sub_resource = {};
  // A second parameter that tells it from the operation of the same sub-resource without it.
  std::string_view qualifier = {};
};

const OperationInfo& InfoOf(Operation operation);
inline std::string_view NameOf(Operation operation) { return InfoOf(operation).name; }

std::span<const OperationInfo> AllOperations();

// Whether a query parameter of that name selects an operation, at whatever level.
bool IsSubResource(std::string_view name);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_OPERATION_H_
