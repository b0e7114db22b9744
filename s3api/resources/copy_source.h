// The object that CopyObject and UploadPartCopy read.
#ifndef S3API_RESOURCES_COPY_SOURCE_H_
#define S3API_RESOURCES_COPY_SOURCE_H_

#include "mkvcore/store/object.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

// What x-amz-copy-source names, once it is there, the caller may read it, and it meets the
// x-amz-copy-source-if-* conditions. Throws S3Error.
Object RequireCopySource(Call& call);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_COPY_SOURCE_H_
