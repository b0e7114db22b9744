#include "s3api/resources/multipart_calls.h"

#include "s3api/multipart/assembly.h"

namespace mkv::s3 {

std::shared_ptr<MultipartUpload> RequireUpload(Call& call, UploadRight right) {
  std::shared_ptr<MultipartUpload> upload = FindUpload(call, right);
  if (!upload) throw NoSuchUploadError(call.request.query.Text("uploadId"));
  return upload;
}

std::shared_ptr<MultipartUpload> FindUpload(Call& call, UploadRight right) {
  const std::string id(call.request.query.Text("uploadId"));
  std::shared_ptr<MultipartUpload> upload =
      call.service.multipart.uploads.Find(id, call.request.bucket, call.request.key);
  if (!upload || upload->terms().user == call.User()) return upload;
  const bool manages =
      call.principal != nullptr && call.bucket &&
      Allows(*call.principal, call.request.bucket, Action::kAdmin, OwnerOf(*call.bucket));
  if (right != UploadRight::kManage || !manages) throw S3Error(ErrorCode::kAccessDenied);
  return upload;
}

S3Error NoSuchUploadError(std::string_view id) {
  return S3Error(ErrorCode::kNoSuchUpload).With("UploadId", id);
}

void AddUser(XmlNode& node, const char* name, std::string_view user) {
  XmlNode element = node.AddElement(name);
  element.Add("ID", user);
  element.Add("DisplayName", user);
}

void AddChecksumTerms(XmlNode& node, const UploadTerms& terms) {
  if (!terms.checksum) return;
  node.Add("ChecksumAlgorithm", Name(*terms.checksum));
  node.Add("ChecksumType", ChecksumTypeName(terms.composite));
}

}  // namespace mkv::s3
