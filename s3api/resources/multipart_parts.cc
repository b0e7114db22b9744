// The parts of an upload: uploaded, copied, listed.
#include <memory>
#include <utility>

#include "mkvcore/store/unchecked_read.h"
#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/memory_source.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/multipart/assembly.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/protocol/range.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/copy_source.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/multipart_calls.h"
#include "s3api/resources/patient_reply.h"
#include "s3api/resources/replica_source.h"
#include "s3api/signature/payload_source.h"

namespace mkv::s3 {

namespace {

constexpr int kMaxListParts = 1000;

std::uint32_t PartNumberOf(const Call& call) {
  const int number = call.request.query
                         .Number("partNumber", 1, static_cast<int>(kMaxParts),
                                 "Part number must be an integer between 1 and 10000, inclusive")
                         .value();
  return static_cast<std::uint32_t>(number);
}

// What the client sends with a part must be of the algorithm that the upload was created with.
// Where it sends none, the server computes it.
void ApplyChecksumTerms(const UploadTerms& terms, PayloadPlan& plan) {
  if (!terms.checksum) return;
  plan.default_checksum = terms.checksum;
  const std::optional<ChecksumAlgorithm> sent =
      plan.checksum ? std::optional(plan.checksum->algorithm) : plan.trailer;
  if (!sent || *sent == *terms.checksum) return;
  throw S3Error(ErrorCode::kInvalidRequest,
                "Checksum Type mismatch occurred, expected checksum Type: " +
                    std::string(Name(*terms.checksum)) +
                    ", actual checksum Type: " + std::string(Name(*sent)));
}

MultipartUpload::Activity BeginActivity(MultipartUpload& upload) {
  std::optional<MultipartUpload::Activity> activity = upload.BeginActivity();
  if (!activity) throw NoSuchUploadError(upload.terms().id);
  return *std::move(activity);
}

void AddPart(MultipartUpload& upload, std::uint32_t number, std::shared_ptr<const StagedPart> part,
             PartMemory::Share share) {
  if (!upload.Put(number, std::move(part), std::move(share))) {
    throw NoSuchUploadError(upload.terms().id);
  }
}

// The bytes of a copy that are to become a part, and what they must be.
struct PartCopy {
  std::unique_ptr<Source> bytes;
  // Of the whole source, where it is copied whole and has one.
  std::optional<std::uint32_t> crc32c = {};
  // Where it has none.
  std::unique_ptr<UncheckedRead> unchecked = {};
  std::string range;   // in the source, as Range has it; empty: all of it
  std::string volume;  // that `bytes` are read from; empty: there are none
};

PartCopy OpenCopy(Call& call, const Object& source) {
  const format::ObjectMetadata& metadata = source.known();
  const std::string range = call.head.headers.get("x-amz-copy-source-range", "");
  std::uint64_t length = metadata.size();
  PartCopy copy;
  if (range.empty()) {
    if (metadata.has_crc32c()) copy.crc32c = metadata.crc32c();
  } else {
    const ByteRange bytes = ParseCopySourceRange(range, metadata.size());
    length = bytes.length();
    copy.range = std::to_string(bytes.first) + "-" + std::to_string(bytes.last);
  }
  if (length > kMaxPartBytes) throw S3Error(ErrorCode::kEntityTooLarge);
  if (length == 0) {
    copy.bytes = std::make_unique<MemorySource>(std::string());
  } else {
    Store& store = call.service.store;
    if (!copy.crc32c) copy.unchecked = std::make_unique<UncheckedRead>(store, source);
    std::unique_ptr<BlobSource> replica = OpenReplica(store, source, copy.range);
    copy.volume = replica->blob().volume;
    copy.bytes = std::move(replica);
    if (copy.bytes->size() != length) {
      throw ReadError("a replica of " + source.key + " has another size", /*damaged=*/true);
    }
  }
  return copy;
}

}  // namespace

void UploadPart(Call& call) {
  const std::uint32_t number = PartNumberOf(call);
  const std::shared_ptr<MultipartUpload> upload = RequireUpload(call, UploadRight::kContribute);
  RefuseUnsupportedHeaders(call.head);
  PayloadPlan plan = PlanOf(call);
  ApplyChecksumTerms(upload->terms(), plan);
  PayloadSource source(call.transfer.body(), std::move(plan));
  if (const std::uint64_t size = UploadLength(call.head, source); size > kMaxPartBytes) {
    throw S3Error(ErrorCode::kEntityTooLarge)
        .With("ProposedSize", std::to_string(size))
        .With("MaxSizeAllowed", std::to_string(kMaxPartBytes));
  }

  Multipart& multipart = call.service.multipart;
  const MultipartUpload::Activity activity = BeginActivity(*upload);
  PartMemory::Share share = multipart.uploads.TakePartShare();
  const std::shared_ptr<StagedPart> part =
      multipart.stager.Stage(source, upload->terms().id, std::nullopt);
  part->set_checksum(source.checksum());
  AddPart(*upload, number, part, std::move(share));

  http::Response response;
  response.Header("ETag", QuoteETag(part->ETag()));
  if (source.checksum()) {
    response.Header(HeaderName(source.checksum()->algorithm), Base64(source.checksum()->value));
  }
  Reply(call, std::move(response));
}

void UploadPartCopy(Call& call) {
  const std::uint32_t number = PartNumberOf(call);
  const std::shared_ptr<MultipartUpload> upload = RequireUpload(call, UploadRight::kContribute);
  RefuseUnsupportedHeaders(call.head);
  const Object source = RequireCopySource(call);
  const PartCopy copy = OpenCopy(call, source);

  Multipart& multipart = call.service.multipart;
  const MultipartUpload::Activity activity = BeginActivity(*upload);
  PatientReply reply(call);
  try {
    PartMemory::Share share = multipart.uploads.TakePartShare();
    std::shared_ptr<const StagedPart> part;
    try {
      part = multipart.stager.Stage(*copy.bytes, upload->terms().id, upload->terms().checksum,
                                    [&reply] { reply.StillWorking(); });
    } catch (const SourceError& error) {
      throw ReadError(error.what(), /*damaged=*/false);
    }
    if (copy.crc32c && *copy.crc32c != part->facts().crc32c) {
      throw ReadError("the replica of " + source.key + " that was copied is damaged",
                      /*damaged=*/true);
    }
    if (copy.unchecked) {
      const PartFacts& facts = part->facts();
      CompareWithAnother(call.service.store, source,
                         {copy.volume, copy.range, facts.size, facts.crc32c},
                         [&reply] { reply.StillWorking(); });
      copy.unchecked->Confirm();
    }
    AddPart(*upload, number, part, std::move(share));

    XmlDocument document("CopyPartResult");
    XmlNode root = document.root();
    root.Add("LastModified", FormatIsoTimeMillis(part->facts().mtime_us));
    root.Add("ETag", QuoteETag(part->ETag()));
    if (const std::optional<ChecksumValue>& checksum = part->facts().checksum) {
      root.Add(XmlElement(checksum->algorithm).data(), Base64(checksum->value));
    }
    reply.Finish(document);
  } catch (...) {
    reply.Fail(std::current_exception());
  }
}

void ListParts(Call& call) {
  const Query& query = call.request.query;
  const auto most =
      static_cast<std::size_t>(query.Count("max-parts", kMaxListParts, kMaxListParts));
  const int marker = query.Count("part-number-marker", 0, static_cast<int>(kMaxParts));
  const std::shared_ptr<MultipartUpload> upload = RequireUpload(call, UploadRight::kManage);
  const UploadTerms& terms = upload->terms();
  const MultipartUpload::Parts parts = upload->parts();

  XmlDocument document("ListPartsResult");
  XmlNode root = document.root();
  root.Add("Bucket", terms.bucket);
  root.Add("Key", terms.key);
  root.Add("UploadId", terms.id);
  AddUser(root, "Initiator", terms.user);
  AddUser(root, "Owner", terms.user);
  root.Add("StorageClass", "STANDARD");
  AddChecksumTerms(root, terms);
  root.AddNumber("PartNumberMarker", static_cast<std::uint64_t>(marker));
  auto at = parts.upper_bound(static_cast<std::uint32_t>(marker));
  auto last = at;
  std::size_t listed = 0;
  for (; last != parts.end() && listed < most; ++last) ++listed;
  root.AddNumber("NextPartNumberMarker", listed > 0 ? std::prev(last)->first : 0);
  root.AddNumber("MaxParts", most);
  root.AddBool("IsTruncated", last != parts.end() && most > 0);
  for (; at != last; ++at) {
    const PartFacts& facts = at->second->facts();
    XmlNode entry = root.AddElement("Part");
    entry.AddNumber("PartNumber", at->first);
    entry.Add("LastModified", FormatIsoTimeMillis(facts.mtime_us));
    entry.Add("ETag", QuoteETag(at->second->ETag()));
    entry.AddNumber("Size", facts.size);
    if (facts.checksum) {
      entry.Add(XmlElement(facts.checksum->algorithm).data(), Base64(facts.checksum->value));
    }
  }
  ReplyXml(call, document);
}

}  // namespace mkv::s3
