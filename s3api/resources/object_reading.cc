// GetObject, HeadObject and GetObjectAttributes.
#include <Poco/StringTokenizer.h>

#include <functional>
#include <set>

#include "mkvcore/store/value_reader.h"
#include "s3api/checksum/digest_text.h"
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
  ValueReader reader(call.service.store.volumes(), object, object.known().size());
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
  const std::optional<ByteRange> range = ParseRange(head.headers.get("Range", ""), metadata.size());
  plan.offset = range ? range->first : 0;
  const std::uint64_t length = range ? range->length() : metadata.size();
  if (range) {
    answer.status = 206;
    answer.Header("Content-Range", range->ContentRange(metadata.size()));
  } else if (head.headers.get("x-amz-checksum-mode", "") == "ENABLED") {
    for (const ChecksumValue& checksum : ChecksumsOf(metadata)) {
      answer.Header(HeaderName(checksum.algorithm), Base64(checksum.value));
      answer.Header("x-amz-checksum-type",
                    metadata.composite_checksum() ? "COMPOSITE" : "FULL_OBJECT");
    }
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
    node.Add("ChecksumType", metadata.composite_checksum() ? "COMPOSITE" : "FULL_OBJECT");
  }
  if (wants("ObjectParts") && metadata.parts_size() > 0) {
    root.AddElement("ObjectParts")
        .AddNumber("PartsCount", static_cast<std::uint64_t>(metadata.parts_size()));
  }
  if (wants("StorageClass")) root.Add("StorageClass", "STANDARD");
  if (wants("ObjectSize")) root.AddNumber("ObjectSize", metadata.size());

  http::Response response;
  response.Header("Content-Type", "application/xml");
  response.Header("Last-Modified", FormatHttpDate(metadata.mtime_us()));
  response.body = document.Text();
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
