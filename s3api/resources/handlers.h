// The functions that serve the operations, grouped by resource in files of the same names, and the
// one table that says which operations are served.
//
// Each answers through call.transfer, or throws: S3Error and PayloadError as they are, ReadError
// and IndexError as what the client is to do next (s3_api.cc).
#ifndef S3API_RESOURCES_HANDLERS_H_
#define S3API_RESOURCES_HANDLERS_H_

#include "s3api/resources/call.h"

namespace mkv::s3 {

using Handler = void (*)(Call& call);

// nullptr: NotImplemented.
Handler HandlerOf(Operation operation);

// buckets.cc
void ListBuckets(Call& call);
void CreateBucket(Call& call);
void HeadBucket(Call& call);
void DeleteBucket(Call& call);
void GetBucketLocation(Call& call);
void GetBucketVersioning(Call& call);

// bucket_settings.cc
void GetBucketAcl(Call& call);
void PutBucketAcl(Call& call);
void GetBucketTagging(Call& call);
void PutBucketTagging(Call& call);
void DeleteBucketTagging(Call& call);
void GetBucketCors(Call& call);
void PutBucketCors(Call& call);
void DeleteBucketCors(Call& call);
void Preflight(Call& call);

// bucket_probes.cc
// The handler of an operation about a setting that no bucket here has: a reader gets what S3 says
// of a bucket where it was not set; taking it away succeeds. nullptr for all others.
Handler ProbeOf(Operation operation);

// object_tagging.cc
void GetObjectTagging(Call& call);
void PutObjectTagging(Call& call);
void DeleteObjectTagging(Call& call);

// object_acl.cc
void GetObjectAcl(Call& call);
void PutObjectAcl(Call& call);

// object_listing.cc
void ListObjects(Call& call);  // V1, V2, and versions

// object_reading.cc
void GetObject(Call& call);  // and HeadObject
void GetObjectAttributes(Call& call);

// object_writing.cc
void PutObject(Call& call);

// form_upload.cc
void PostObject(Call& call);

// object_copying.cc
void CopyObject(Call& call);

// object_deletion.cc
void DeleteObject(Call& call);
void DeleteObjects(Call& call);

// multipart_uploads.cc
void CreateMultipartUpload(Call& call);
void AbortMultipartUpload(Call& call);
void ListMultipartUploads(Call& call);

// multipart_parts.cc
void UploadPart(Call& call);
void UploadPartCopy(Call& call);
void ListParts(Call& call);

// multipart_completion.cc
void CompleteMultipartUpload(Call& call);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_HANDLERS_H_
