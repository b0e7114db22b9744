// GetObject, HeadObject and GetObjectAttributes.
#include <Poco/StringTokenizer.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <vector>

#include "mkvcore/store/value_reader.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/multipart/assembly.h"
#include "s3api/multipart/object_parts.h"
#include "s3api/protocol/conditions.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/protocol/range.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/access.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"
#include "s3api/resources/read_plan.h"

namespace mkv::s3 {

namespace {

// Sends the bytes [offset, offset + length) of the object after `head`. The answer
// begins with the first byte that a volume delivers: until then an error can still be told.
void Stream(Call& call, const Object& object, const http::Response& head, std::uint64_t offset,
            std::uint64_t length) {
  ValueReader reader(call.service.store, object, object.known().size());
  const auto repair = [&] {
    if (reader.bad_volumes().empty()) return;
    call.service.repairer.Schedule(object.key, reader.bad_volumes());
  };
  try {
    reader.Read(offset, length, [&](std::string_view piece) {
      if (!call.transfer.replied()) call.transfer.StartReply(head, length);
      call.transfer.Write(piece);
    });
  } catch (const ReadError&) {
    repair();
    throw;
  }
  repair();
  call.transfer.FinishReply();
}

// What a GET or HEAD by partNumber is about.
struct WantedPart {
  std::optional<ByteRange> range;  // nullopt: the part is empty
  std::uint64_t count = 0;         // of the object's parts; 0: it was uploaded whole
  std::optional<ChecksumValue> checksum;
};

// nullopt when no part is asked for. An object that was uploaded whole is one part. Throws
// InvalidArgument; InvalidRequest when a range is asked for too; InvalidPartNumber.
std::optional<WantedPart> PartOf(const Request& request, const http::RequestHead& head,
                                 const format::ObjectMetadata& metadata) {
  const std::optional<int> number =
      request.query.Number("partNumber", 1, static_cast<int>(kMaxParts),
                           "Part number must be an integer between 1 and 10000, inclusive");
  if (!number) return std::nullopt;
  if (head.headers.has("Range")) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "Cannot specify both Range header and partNumber query parameter");
  }
  WantedPart wanted;
  wanted.count = CountParts(metadata);
  ObjectPart part{0, metadata.size(), std::nullopt};
  if (wanted.count > 0) {
    const std::vector<ObjectPart> found =
        DecodeParts(metadata, static_cast<std::uint64_t>(*number - 1), 1);
    if (found.empty()) throw S3Error(ErrorCode::kInvalidPartNumber);
    part = found.front();
  } else if (*number != 1) {
    throw S3Error(ErrorCode::kInvalidPartNumber);
  }
  if (part.size > 0) wanted.range = ByteRange{part.offset, part.offset + part.size - 1};
  wanted.checksum = part.checksum;
  return wanted;
}

// The checksums of what is sent: the whole object, or one part of it. One of a range is not known.
void AddChecksumHeaders(const format::ObjectMetadata& metadata,
                        const std::optional<WantedPart>& part, http::Response& head) {
  const bool composite = metadata.composite_checksum();
  if (part && part->count > 0) {
    if (!part->checksum) return;
    head.Header(HeaderName(part->checksum->algorithm), Base64(part->checksum->value));
    head.Header("x-amz-checksum-type", ChecksumTypeName(composite));
    return;
  }
  for (const ChecksumValue& checksum : ChecksumsOf(metadata)) {
    head.Header(HeaderName(checksum.algorithm),
                ChecksumText(checksum, composite, CountParts(metadata)));
    head.Header("x-amz-checksum-type", ChecksumTypeName(composite));
  }
}

// A number in a header of GetObjectAttributes; `absent` when it is not there.
std::uint64_t HeaderNumber(const http::RequestHead& head, const std::string& name,
                           std::uint64_t absent, std::uint64_t most) {
  if (!head.headers.has(name)) return absent;
  const std::string text = head.headers.get(name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw InvalidArgumentError("The header is not a number.", name, text);
  }
  return std::min(number, most);
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
void AddObjectParts(const Call& call, const format::ObjectMetadata& metadata, XmlNode& root) {
  constexpr std::uint64_t kMostParts = 1000;
  const std::uint64_t most = HeaderNumber(call.head, "x-amz-max-parts", kMostParts, kMostParts);
  const std::uint64_t marker = HeaderNumber(call.head, "x-amz-part-number-marker", 0, kMaxParts);
  const std::uint64_t count = CountParts(metadata);
  const std::vector<ObjectPart> parts = DecodeParts(metadata, marker, most);
  XmlNode node = root.AddElement("ObjectParts");
  node.AddNumber("PartsCount", count);
  node.AddNumber("PartNumberMarker", marker);
  node.AddNumber("NextPartNumberMarker", parts.empty() ? 0 : marker + parts.size());
  node.AddNumber("MaxParts", most);
  node.AddBool("IsTruncated", most > 0 && marker + parts.size() < count);
  std::uint64_t number = marker;
  for (const ObjectPart& part : parts) {
    XmlNode entry = node.AddElement("Part");
    entry.AddNumber("PartNumber", ++number);
    entry.AddNumber("Size", part.size);
    if (part.checksum) {
      entry.Add(XmlElement(part.checksum->algorithm).data(), Base64(part.checksum->value));
    }
  }
}

// x-amz-object-attributes: names separated by commas, in one header or in several
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html).
std::set<std::string> WantedAttributes(const http::RequestHead& head) {
  static const std::set<std::string, std::less<>> kKnown = {"ETag", "Checksum", "ObjectParts",
                                                            "StorageClass", "ObjectSize"};
  std::set<std::string> wanted;
  for (const auto& [name, value] : head.headers) {
    if (!EqualsIgnoringCase(name, "x-amz-object-attributes")) continue;
    for (const std::string& attribute : Poco::StringTokenizer(
             value, ",",
             Poco::StringTokenizer::TOK_TRIM | Poco::StringTokenizer::TOK_IGNORE_EMPTY)) {
      if (!kKnown.contains(attribute)) {
        throw InvalidArgumentError("Invalid attribute name specified.", "x-amz-object-attributes",
                                   attribute);
      }
      wanted.insert(attribute);
    }
  }
  if (wanted.empty()) {
    throw InvalidArgumentError("The x-amz-object-attributes header is missing or empty.",
                               "x-amz-object-attributes", "");
  }
  return wanted;
}

}  // namespace

ReadPlan PlanRead(const Request& request, const http::RequestHead& head, const Principal* principal,
                  const Object& object) {
  RefuseKeysOfCustomers(head);
  const format::ObjectMetadata& metadata = object.known();
  ReadPlan plan;
  http::Response& answer = plan.head;
  AddCommonHeaders(head, &answer);
  const std::string etag = ETagOf(object);
  AddObjectHeaders(metadata, etag, ResponseOverrides(request.query, principal != nullptr), answer);
  if (metadata.tags_size() > 0) {
    answer.Header("x-amz-tagging-count", std::to_string(metadata.tags_size()));
  }
  if (ReadConditions::Of(head).CheckRead({etag, metadata.mtime_us()}) ==
      ReadConditions::Result::kNotModified) {
    answer.status = 304;
    return plan;
  }
  const std::optional<WantedPart> part = PartOf(request, head, metadata);
  std::optional<ByteRange> range;
  if (part) {
    range = part->range;
  } else if (IfRangeHolds(head, {etag, metadata.mtime_us()})) {
    range = ParseRange(head.headers.get("Range", ""), metadata.size());
  }
  plan.offset = range ? range->first : 0;
  const std::uint64_t length = range ? range->length() : part ? 0 : metadata.size();
  if (range) {
    answer.status = 206;
    answer.Header("Content-Range", range->ContentRange(metadata.size()));
  }
  if (part && part->count > 0) answer.Header("x-amz-mp-parts-count", std::to_string(part->count));
  if ((part || !range) && head.headers.get("x-amz-checksum-mode", "") == "ENABLED") {
    AddChecksumHeaders(metadata, part, answer);
  }
  if (head.method == "HEAD") {
    answer.described_length = static_cast<long long>(length);
  } else {
    plan.length = length;
  }
  return plan;
}

void GetObject(Call& call) {
  const Object object = RequireReadableObject(call);
  ReadPlan plan = PlanRead(call.request, call.head, call.principal, object);
  if (plan.length == 0) {
    call.transfer.Reply(std::move(plan.head));
  } else {
    Stream(call, object, plan.head, plan.offset, plan.length);
  }
}

void GetObjectAttributes(Call& call) {
  const Object object = RequireObject(call.service.store, call.StoreKey(), call.request.key);
  RefuseKeysOfCustomers(call.head);
  const format::ObjectMetadata& metadata = object.known();
  const std::set<std::string> wanted = WantedAttributes(call.head);
  const auto wants = [&wanted](const char* name) { return wanted.contains(name); };

  XmlDocument document("GetObjectAttributesResponse");
  XmlNode root = document.root();
  if (wants("ETag")) root.Add("ETag", ETagOf(object));
  const std::vector<ChecksumValue> checksums = ChecksumsOf(metadata);
  if (wants("Checksum") && !checksums.empty()) {
    XmlNode node = root.AddElement("Checksum");
    for (const ChecksumValue& checksum : checksums) {
      node.Add(XmlElement(checksum.algorithm).data(), Base64(checksum.value));
    }
    node.Add("ChecksumType", ChecksumTypeName(metadata.composite_checksum()));
  }
  if (wants("ObjectParts") && metadata.has_parts()) AddObjectParts(call, metadata, root);
  if (wants("StorageClass")) root.Add("StorageClass", "STANDARD");
  if (wants("ObjectSize")) root.AddNumber("ObjectSize", metadata.size());

  http::Response response;
  response.Header("Content-Type", "application/xml");
  response.Header("Last-Modified", FormatHttpDate(metadata.mtime_us()));
  response.body = document.Text();
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
