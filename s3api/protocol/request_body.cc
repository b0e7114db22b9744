#include "s3api/protocol/request_body.h"

#include "s3api/protocol/error.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"

namespace mkv::s3 {
namespace {

[[noreturn]] void ThrowMalformed() { throw S3Error(ErrorCode::kMalformedXml); }

DeleteRequest::Object ParseDeleteObject(const XmlBodyElement& element) {
  DeleteRequest::Object object;
  object.key = element.RequiredText("Key");
  if (object.key.empty()) ThrowMalformed();
  object.version_id = element.ChildText("VersionId");
  if (const auto etag = element.ChildText("ETag")) object.etag = UnquoteETag(*etag);
  if (const auto time = element.ChildText("LastModifiedTime")) {
    object.last_modified_us = ParseDate(*time);
    if (!object.last_modified_us) ThrowMalformed();
  }
  if (const auto size = element.ChildText("Size")) object.size = ParseXmlNumber(*size);
  return object;
}

CompletedPart ParsePart(const XmlBodyElement& element) {
  CompletedPart part;
  const std::uint64_t number = ParseXmlNumber(element.RequiredText("PartNumber"));
  if (number < 1 || number > kMaxParts) {
    throw InvalidArgumentError("PartNumber must be >= 1 and <= " + std::to_string(kMaxParts),
                               "PartNumber", std::to_string(number));
  }
  part.number = static_cast<std::uint32_t>(number);
  part.etag = UnquoteETag(element.RequiredText("ETag"));
  for (const XmlBodyElement& child : element.Children()) {
    if (!child.name().starts_with("Checksum")) continue;
    const std::optional<ChecksumAlgorithm> algorithm = AlgorithmOfElement(child.name());
    if (!algorithm) {
      throw S3Error(ErrorCode::kInvalidRequest,
                    "The checksum algorithm of " + std::string(child.name()) +
                        " is not supported. Those that are: CRC32, CRC32C, CRC64NVME, SHA1, "
                        "SHA256.");
    }
    part.checksums.emplace_back(*algorithm, child.Text());
  }
  return part;
}

}  // namespace

CreateBucketConfiguration ParseCreateBucketConfiguration(std::string_view body) {
  if (body.empty()) return {};
  const XmlBody document(body, "CreateBucketConfiguration", {.max_bytes = kMaxSmallBody});
  CreateBucketConfiguration configuration;
  configuration.location_constraint = document.root().ChildText("LocationConstraint").value_or("");
  if (const std::optional<XmlBodyElement> tags = document.root().Child("Tags")) {
    configuration.tags = ParseTags(*tags, kMaxBucketTags);
  }
  return configuration;
}

DeleteRequest ParseDelete(std::string_view body) {
  const XmlBody document(body, "Delete",
                         {.max_bytes = kMaxDeleteBody, .max_markup = kMaxDeleteMarkup});
  const std::vector<XmlBodyElement> objects = document.root().Children("Object");
  if (objects.empty() || objects.size() > kMaxDeleteKeys) ThrowMalformed();

  DeleteRequest request;
  if (const auto quiet = document.root().ChildText("Quiet")) request.quiet = ParseXmlBool(*quiet);
  request.objects.reserve(objects.size());
  for (const XmlBodyElement& object : objects) request.objects.push_back(ParseDeleteObject(object));
  return request;
}

std::vector<CompletedPart> ParseCompleteMultipartUpload(std::string_view body) {
  const XmlBody document(body, "CompleteMultipartUpload",
                         {.max_bytes = kMaxCompleteBody, .max_markup = kMaxCompleteMarkup});
  const std::vector<XmlBodyElement> elements = document.root().Children("Part");
  if (elements.empty() || elements.size() > kMaxParts) ThrowMalformed();

  std::vector<CompletedPart> parts;
  parts.reserve(elements.size());
  for (const XmlBodyElement& element : elements) {
    parts.push_back(ParsePart(element));
    if (parts.size() > 1 && parts[parts.size() - 2].number >= parts.back().number) {
      throw S3Error(ErrorCode::kInvalidPartOrder);
    }
  }
  return parts;
}

}  // namespace mkv::s3
