// What the operations on multipart uploads have in common.
#ifndef S3API_RESOURCES_MULTIPART_CALLS_H_
#define S3API_RESOURCES_MULTIPART_CALLS_H_

#include <memory>
#include <string_view>

#include "s3api/multipart/upload.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/call.h"

namespace mkv::s3 {

enum class UploadRight {
  kContribute,  // who created it
  kManage,      // also the bucket's owner, and admins: to look at it, to abort it
};

// The upload that the request names, by id, bucket and key. Throws NoSuchUpload, AccessDenied.
std::shared_ptr<MultipartUpload> RequireUpload(Call& call, UploadRight right);
// The same; null when there is none.
std::shared_ptr<MultipartUpload> FindUpload(Call& call, UploadRight right);

S3Error NoSuchUploadError(std::string_view id);

// `<name><ID/><DisplayName/></name>`
void AddUser(XmlNode& node, const char* name, std::string_view user);
// ChecksumAlgorithm and ChecksumType, where the upload has them.
void AddChecksumTerms(XmlNode& node, const UploadTerms& terms);

}  // namespace mkv::s3

#endif  // S3API_RESOURCES_MULTIPART_CALLS_H_
