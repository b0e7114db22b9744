// CopyObject: a value from one key to another, or onto itself with other metadata.
#include <memory>
#include <vector>

#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/memory_source.h"
#include "s3api/multipart/assembly.h"
#include "s3api/multipart/object_parts.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/access.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/copy_source.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"
#include "s3api/resources/patient_reply.h"
#include "s3api/resources/replica_source.h"

namespace mkv::s3 {

namespace {

struct Copy {
  Call& call;
  Object source;
  bool replaces_metadata;
  bool replaces_tags;
  format::ObjectMetadata described;  // by the headers of the request
  WriteConditions conditions;
  std::string read_from;  // the volume whose replica is copied

  // What the copy is, beside its bytes, size and digests.
  void Describe(format::ObjectMetadata& metadata) const {
    const format::ObjectMetadata& from = source.known();
    if (replaces_metadata) {
      *metadata.mutable_headers() = described.headers();
    } else {
      CopyObjectHeaders(from, described, metadata);
    }
    *metadata.mutable_tags() = (replaces_tags ? described : from).tags();
    metadata.set_acl(described.acl());  // S3 does not copy it
    DescribeChecksums(metadata);
    metadata.set_owner(described.owner());
  }

  // One of the parts' checksums is not what a value that has no parts is described by, and what
  // stays where it is has kept its own.
  void DescribeChecksums(format::ObjectMetadata& metadata) const {
    const format::ObjectMetadata& from = source.known();
    if (!from.composite_checksum()) {
      *metadata.mutable_checksums() = from.checksums();
    } else if (metadata.checksums().empty()) {
      const std::vector<ObjectPart> parts = DecodeParts(from, 0, CountParts(from));
      for (const ChecksumValue& of_parts : ChecksumsOf(from)) {
        const auto whole = CombineChecksums(of_parts.algorithm, parts);
        if (whole) AddChecksum(*whole, metadata);
      }
    }
  }

  bool IsOntoItself() const { return source.key == call.StoreKey(); }

  // kExists: onto itself, and it is not what was read any more.
  std::function<Outcome(const std::optional<Object>& current)> Condition() const {
    return [this, wanted = WriteCondition(call, conditions, call.request.key)](
               const std::optional<Object>& current) {
      const Outcome outcome = wanted ? wanted(current) : Outcome::kDone;
      if (outcome != Outcome::kDone || !IsOntoItself()) return outcome;
      return current && IsUnchanged(*current, source) ? Outcome::kDone : Outcome::kExists;
    };
  }

  Store::ReplaceRequest Request(PatientReply& reply) {
    Store::ReplaceRequest request;
    request.meanwhile = [&reply] { reply.StillWorking(); };
    request.condition = Condition();
    request.conditional = !conditions.empty();
    request.rewrites = IsOntoItself();
    request.describe = [this, waiting = request.meanwhile](format::ObjectMetadata& metadata) {
      try {
        CheckCopied(source, metadata);
      } catch (const ReadError&) {
        if (!read_from.empty()) call.service.store.ReportBadReplicas(source.key, {read_from});
        throw;
      }
      if (!read_from.empty() && !KnowsDigest(source)) {
        CompareWithAnother(call.service.store, source,
                           {read_from, "", metadata.size(), metadata.crc32c()}, waiting);
      }
      Describe(metadata);
    };
    request.sidecar = SidecarOf;
    return request;
  }
};

Store::PutResult MoveBytes(Copy& copy, PatientReply& reply) {
  Store& store = copy.call.service.store;
  const std::string target = copy.call.StoreKey();
  if (copy.source.known().size() == 0) {
    MemorySource empty{std::string()};
    return store.Replace(target, empty, copy.Request(reply));
  }
  const std::unique_ptr<BlobSource> replica = OpenReplica(store, copy.source);
  copy.read_from = replica->blob().volume;
  return store.Replace(target, *replica, copy.Request(reply));
}

// Onto itself: only what is known of the value changes, unless its bytes must move after all.
Store::PutResult ChangeInPlace(Copy& copy, PatientReply& reply) {
  Store::PutResult result;
  constexpr int kMaxRounds = 10;  // in each, somebody else changed the object
  for (int round = 0; round < kMaxRounds; ++round) {
    if (round > 0) copy.source = RequireCopySource(copy.call);
    copy.read_from.clear();
    result = copy.call.service.store.UpdateMetadata(copy.source.key, copy.Request(reply));
    if (result.outcome == Outcome::kImpossible || result.outcome == Outcome::kVolumesFailed) {
      result = MoveBytes(copy, reply);
    }
    if (result.outcome != Outcome::kExists) return result;
  }
  throw S3Error(ErrorCode::kOperationAborted);
}

void AddChecksums(const format::ObjectMetadata& metadata, XmlNode& root) {
  const std::vector<ChecksumValue> checksums = ChecksumsOf(metadata);
  if (checksums.empty()) return;
  const bool composite = metadata.composite_checksum();
  for (const ChecksumValue& checksum : checksums) {
    root.Add(XmlElement(checksum.algorithm).data(),
             ChecksumText(checksum, composite, CountParts(metadata)));
  }
  root.Add("ChecksumType", ChecksumTypeName(composite));
}

}  // namespace

void CopyObject(Call& call) {
  const http::RequestHead& head = call.head;
  RefuseUnsupportedHeaders(head);
  Copy copy{call,
            RequireCopySource(call),
            IsReplaceDirective(head, "x-amz-metadata-directive"),
            IsReplaceDirective(head, "x-amz-tagging-directive"),
            DescribedByHeaders(head, call.User()),
            WriteConditions::Of(head),
            {}};
  const bool onto_itself = copy.IsOntoItself();
  if (onto_itself && !copy.replaces_metadata && !copy.replaces_tags && !ChangesStorage(head)) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "This copy request is illegal because it is trying to copy an object to itself "
                  "without changing the object's metadata, storage class, website redirect "
                  "location or encryption attributes.");
  }
  if (copy.source.known().size() > kMaxPutBytes) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "The specified copy source is larger than the maximum allowable size for a copy "
                  "source: 5368709120");
  }

  PatientReply reply(call);
  try {
    const Store::PutResult result =
        onto_itself ? ChangeInPlace(copy, reply) : MoveBytes(copy, reply);
    ThrowUnlessDone(result.outcome, call);

    XmlDocument document("CopyObjectResult");
    XmlNode root = document.root();
    const format::ObjectMetadata& metadata = *result.object->metadata;
    root.Add("LastModified", FormatIsoTimeMillis(metadata.mtime_us()));
    root.Add("ETag", QuoteETag(ETagOf(*result.object)));
    AddChecksums(metadata, root);
    reply.Finish(document);
  } catch (...) {
    reply.Fail(std::current_exception());
  }
}

}  // namespace mkv::s3
