#include "s3api/resources/handlers.h"

namespace mkv::s3 {

Handler HandlerOf(Operation operation) {
  switch (operation) {
    case Operation::kListBuckets:
      return ListBuckets;
    case Operation::kCreateBucket:
      return CreateBucket;
    case Operation::kHeadBucket:
      return HeadBucket;
    case Operation::kDeleteBucket:
      return DeleteBucket;
    case Operation::kGetBucketLocation:
      return GetBucketLocation;
    case Operation::kGetBucketVersioning:
      return GetBucketVersioning;
    case Operation::kGetBucketAcl:
      return GetBucketAcl;
    case Operation::kPutBucketAcl:
      return PutBucketAcl;
    case Operation::kGetBucketTagging:
      return GetBucketTagging;
    case Operation::kPutBucketTagging:
      return PutBucketTagging;
    case Operation::kDeleteBucketTagging:
      return DeleteBucketTagging;
    case Operation::kGetBucketCors:
      return GetBucketCors;
    case Operation::kPutBucketCors:
      return PutBucketCors;
    case Operation::kDeleteBucketCors:
      return DeleteBucketCors;
    case Operation::kPreflight:
      return Preflight;
    case Operation::kGetObjectTagging:
      return GetObjectTagging;
    case Operation::kPutObjectTagging:
      return PutObjectTagging;
    case Operation::kDeleteObjectTagging:
      return DeleteObjectTagging;
    case Operation::kGetObjectAcl:
      return GetObjectAcl;
    case Operation::kPutObjectAcl:
      return PutObjectAcl;
    case Operation::kListObjects:
    case Operation::kListObjectsV2:
    case Operation::kListObjectVersions:
      return ListObjects;
    case Operation::kGetObject:
    case Operation::kHeadObject:
      return GetObject;
    case Operation::kGetObjectAttributes:
      return GetObjectAttributes;
    case Operation::kPutObject:
      return PutObject;
    case Operation::kPostObject:
      return PostObject;
    case Operation::kCopyObject:
      return CopyObject;
    case Operation::kDeleteObject:
      return DeleteObject;
    case Operation::kDeleteObjects:
      return DeleteObjects;
    case Operation::kCreateMultipartUpload:
      return CreateMultipartUpload;
    case Operation::kUploadPart:
      return UploadPart;
    case Operation::kUploadPartCopy:
      return UploadPartCopy;
    case Operation::kListParts:
      return ListParts;
    case Operation::kCompleteMultipartUpload:
      return CompleteMultipartUpload;
    case Operation::kAbortMultipartUpload:
      return AbortMultipartUpload;
    case Operation::kListMultipartUploads:
      return ListMultipartUploads;
    default:
      return ProbeOf(operation);
  }
}

}  // namespace mkv::s3
