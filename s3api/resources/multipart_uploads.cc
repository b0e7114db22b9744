// Multipart uploads as resources: create, list, abort.
#include <utility>

#include "s3api/multipart/assembly.h"
#include "s3api/protocol/conditions.h"
#include "s3api/protocol/list_document.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/multipart_calls.h"
#include "s3api/resources/object_metadata.h"

namespace mkv::s3 {

namespace {

// x-amz-checksum-algorithm and x-amz-checksum-type. Which go together: "Checking object integrity
// in Amazon S3", Amazon S3 User Guide.
void ReadChecksumTerms(const http::RequestHead& head, UploadTerms& terms) {
  const std::string algorithm = head.headers.get("x-amz-checksum-algorithm", "");
  const std::string type = head.headers.get("x-amz-checksum-type", "");
  if (!type.empty() && type != ChecksumTypeName(true) && type != ChecksumTypeName(false)) {
    throw S3Error(ErrorCode::kInvalidRequest, "Value for x-amz-checksum-type header is invalid.");
  }
  if (algorithm.empty()) {
    if (type.empty()) return;
    throw S3Error(ErrorCode::kInvalidRequest,
                  "The x-amz-checksum-type header can only be used with the "
                  "x-amz-checksum-algorithm header.");
  }
  terms.checksum = AlgorithmNamed(algorithm);
  if (!terms.checksum) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "Checksum algorithm provided is unsupported. Please try again with any of the "
                  "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  }
  const bool only_full = *terms.checksum == ChecksumAlgorithm::kCrc64Nvme;
  terms.composite = type.empty() ? !only_full : type == ChecksumTypeName(true);
  if (terms.composite ? only_full : !IsCrc(*terms.checksum)) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "The " + std::string(ChecksumTypeName(terms.composite)) +
                      " checksum type cannot be used with the " +
                      std::string(Name(*terms.checksum)) + " checksum algorithm.");
  }
}

UploadListRequest ParseUploadList(const Request& request) {
  const Query& query = request.query;
  UploadListRequest list;
  list.bucket = request.bucket;
  list.prefix = query.Text("prefix");
  list.delimiter = query.Text("delimiter");
  list.key_marker = query.Text("key-marker");
  // Without a key-marker it is passed over, as in S3.
  if (!list.key_marker.empty()) list.upload_id_marker = query.Text("upload-id-marker");
  list.max_uploads = query.Count("max-uploads", kMaxListUploads, kMaxListUploads);
  return list;
}

}  // namespace

void CreateMultipartUpload(Call& call) {
  RefuseUnsupportedHeaders(call.head);
  UploadTerms terms;
  terms.bucket = call.request.bucket;
  terms.key = call.request.key;
  terms.user = call.User();
  terms.description = DescribedByHeaders(call.head, call.User());
  ReadChecksumTerms(call.head, terms);
  const std::shared_ptr<MultipartUpload> upload =
      call.service.multipart.uploads.Create(std::move(terms));
  const UploadTerms& created = upload->terms();

  XmlDocument document("InitiateMultipartUploadResult");
  XmlNode root = document.root();
  root.Add("Bucket", created.bucket);
  root.Add("Key", created.key);
  root.Add("UploadId", created.id);
  http::Response response;
  response.Header("Content-Type", "application/xml");
  if (created.checksum) {
    response.Header("x-amz-checksum-algorithm", Name(*created.checksum));
    response.Header("x-amz-checksum-type", ChecksumTypeName(created.composite));
  }
  response.body = document.Text();
  Reply(call, std::move(response));
}

void AbortMultipartUpload(Call& call) {
  const std::shared_ptr<MultipartUpload> upload = RequireUpload(call, UploadRight::kManage);
  CheckInitiated(call.head, upload->terms().initiated_us);
  MultipartUpload::Aborted aborted = upload->Abort();
  while (aborted == MultipartUpload::Aborted::kCommitting) {
    upload->WaitForCompletion();
    aborted = upload->Abort();
  }
  if (aborted == MultipartUpload::Aborted::kEnded) throw NoSuchUploadError(upload->terms().id);
  call.service.multipart.uploads.Remove(*upload);
  http::Response response;
  response.status = 204;
  Reply(call, std::move(response));
}

void ListMultipartUploads(Call& call) {
  const UploadListRequest list = ParseUploadList(call.request);
  // One that has ended since the page before is where that ended all the same.
  if (call.service.multipart.uploads.IsOfAnother(list.upload_id_marker, list.bucket,
                                                 list.key_marker)) {
    throw InvalidArgumentError("Invalid uploadId marker", "upload-id-marker",
                               list.upload_id_marker);
  }
  const bool url_encoding = call.request.query.UrlEncoding();
  const UploadPage page = call.service.multipart.uploads.List(list);
  const auto name = [url_encoding](const std::string& text) {
    return url_encoding ? ListingUrlEncode(text) : text;
  };

  XmlDocument document("ListMultipartUploadsResult");
  XmlNode root = document.root();
  root.Add("Bucket", list.bucket);
  root.Add("KeyMarker", name(list.key_marker));
  root.Add("UploadIdMarker", list.upload_id_marker);
  if (page.truncated) {
    root.Add("NextKeyMarker", name(page.next_key));
    root.Add("NextUploadIdMarker", page.next_id);
  }
  root.Add("Prefix", name(list.prefix));
  if (!list.delimiter.empty()) root.Add("Delimiter", name(list.delimiter));
  if (url_encoding) root.Add("EncodingType", "url");
  root.AddNumber("MaxUploads", static_cast<std::uint64_t>(list.max_uploads));
  root.AddBool("IsTruncated", page.truncated);
  for (const std::shared_ptr<const MultipartUpload>& upload : page.uploads) {
    const UploadTerms& terms = upload->terms();
    XmlNode entry = root.AddElement("Upload");
    entry.Add("Key", name(terms.key));
    entry.Add("UploadId", terms.id);
    AddUser(entry, "Initiator", terms.user);
    AddUser(entry, "Owner", terms.user);
    entry.Add("StorageClass", "STANDARD");
    entry.Add("Initiated", FormatIsoTimeMillis(terms.initiated_us));
    AddChecksumTerms(entry, terms);
  }
  for (const std::string& prefix : page.common_prefixes) {
    root.AddElement("CommonPrefixes").Add("Prefix", name(prefix));
  }
  ReplyXml(call, document);
}

}  // namespace mkv::s3
