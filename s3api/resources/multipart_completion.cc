// CompleteMultipartUpload: the parts become one object.
#include <charconv>
#include <utility>

#include "mkvcore/store/value_reader.h"
#include "s3api/multipart/assembly.h"
#include "s3api/protocol/conditions.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/list_objects.h"
#include "s3api/protocol/request_body.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/multipart_calls.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"
#include "s3api/resources/patient_reply.h"

namespace mkv::s3 {

namespace {

// The checksum headers of this request are about the object, not about its body. Throws S3Error
// for one that nobody could hold against the object.
PayloadPlan PlanWithoutChecksums(const Call& call) {
  for (const HeaderField& field : call.view.headers) {
    if (IsChecksumHeader(field.name) && !AlgorithmOfHeader(field.name)) {
      throw S3Error(ErrorCode::kInvalidRequest,
                    "The algorithm type you specified in x-amz-checksum- header is invalid.");
    }
  }
  RequestView view = call.view;
  std::erase_if(view.headers, [](const HeaderField& field) {
    return StartsWithIgnoringCase(field.name, "x-amz-checksum-") ||
           EqualsIgnoringCase(field.name, "x-amz-sdk-checksum-algorithm");
  });
  auto planned = PlanPayload(view, call.payload, call.chunk_signer);
  if (const Refusal* refusal = std::get_if<Refusal>(&planned)) throw S3Error(*refusal);
  return std::get<PayloadPlan>(std::move(planned));
}

// What the client says of the object besides its parts. Throws S3Error where that is not so.
void CheckPromises(const http::RequestHead& head, const UploadTerms& terms,
                   const Assembly& assembly) {
  const std::string size = head.headers.get("x-amz-mp-object-size", "");
  if (!size.empty() && size != std::to_string(assembly.size)) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "The provided 'x-amz-mp-object-size' header value " + size +
                      " does not match what was computed: " + std::to_string(assembly.size));
  }
  const std::string type = head.headers.get("x-amz-checksum-type", "");
  if (!type.empty() && (!terms.checksum || type != ChecksumTypeName(terms.composite))) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "The x-amz-checksum-type of the request is not the one of the upload.");
  }
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    const std::string header(HeaderName(algorithm));
    if (!head.headers.has(header)) continue;
    const std::string_view promised = Trim(head.headers.get(header));
    const std::optional<ChecksumValue>& checksum = assembly.checksum;
    if (!checksum || checksum->algorithm != algorithm) {
      throw S3Error(ErrorCode::kInvalidRequest,
                    "The upload was not created with the checksum algorithm " +
                        std::string(Name(algorithm)) + ".");
    }
    if (promised != ChecksumText(*checksum, terms.composite, assembly.parts.size()) &&
        promised != ChecksumText(*checksum, /*composite=*/false, 0)) {
      throw S3Error(ErrorCode::kBadDigest, "The " + std::string(Name(algorithm)) +
                                               " you specified did not match the calculated "
                                               "checksum.");
    }
  }
}

XmlDocument ResultDocument(const Call& call, const Completion& completion) {
  XmlDocument document("CompleteMultipartUploadResult");
  XmlNode root = document.root();
  root.Add("Location", UrlOf(call.head, call.head.path));
  root.Add("Bucket", completion.bucket);
  root.Add("Key", completion.key);
  root.Add("ETag", QuoteETag(completion.etag));
  if (!completion.checksum_element.empty()) {
    root.Add(completion.checksum_element.c_str(), completion.checksum);
    root.Add("ChecksumType", completion.checksum_type);
  }
  return document;
}

// The answer that this very request had before, if it had one.
std::optional<Completion> EarlierCompletion(const Call& call,
                                            const std::vector<CompletedPart>& wanted) {
  std::optional<Completion> found = call.service.multipart.uploads.completions().Find(
      std::string(call.request.query.Text("uploadId")), MultipartUpload::Clock::now());
  if (!found || found->bucket != call.request.bucket || found->key != call.request.key ||
      found->user != call.User() || found->request != RequestDigest(wanted)) {
    return std::nullopt;
  }
  return found;
}

// An upload in the hands of the one completion that it has at a time.
class Completing {
 public:
  // `upload` is being completed.
  explicit Completing(MultipartUpload& upload) : upload_(upload) {}
  ~Completing() { upload_.EndCompletion(committed_); }
  Completing(const Completing&) = delete;
  Completing& operator=(const Completing&) = delete;

  void Committed() { committed_ = true; }

 private:
  MultipartUpload& upload_;
  bool committed_ = false;
};

// Writes the object. Throws what is wrong with it.
Store::PutResult Write(Call& call, MultipartUpload& upload, const Assembly& assembly,
                       const WriteConditions& conditions, PatientReply& reply) {
  Store& store = call.service.store;
  const auto meanwhile = [&] {
    reply.StillWorking();
    if (upload.aborted()) throw NoSuchUploadError(upload.terms().id);
  };
  const TransferSlots::Slot slot = call.service.multipart.completion_slots.Take(meanwhile);
  bool complete = false;
  Store::ReplaceRequest request;
  request.condition = [&, wanted = WriteCondition(call, conditions, call.request.key)](
                          const std::optional<Object>& current) {
    if (wanted) wanted(current);
    // Asked for the first time before anything is written, and then in the moment of the commit.
    if (complete ? !upload.EnterCommit() : upload.aborted()) {
      throw NoSuchUploadError(upload.terms().id);
    }
    return Outcome::kDone;
  };
  request.conditional = !conditions.empty();
  request.describe = [&](format::ObjectMetadata& metadata) {
    if (metadata.crc32c() != assembly.crc32c) {
      throw ReadError("a staged part of " + call.request.key + " is damaged", /*damaged=*/true);
    }
    DescribeAssembly(upload.terms(), assembly, metadata);
    complete = true;
  };
  request.sidecar = SidecarOf;
  request.md5 = false;  // the ETag is made of the parts' MD5s
  request.meanwhile = meanwhile;
  AssembledSource parts(assembly, upload, store.volumes());
  return store.Replace(call.StoreKey(), parts, request);
}

Completion CompletionOf(const Call& call, const UploadTerms& terms, const Assembly& assembly,
                        const std::vector<CompletedPart>& wanted) {
  Completion completion;
  completion.bucket = terms.bucket;
  completion.key = terms.key;
  completion.user = call.User();
  completion.request = RequestDigest(wanted);
  completion.etag = assembly.etag;
  if (assembly.checksum) {
    completion.checksum_element = XmlElement(assembly.checksum->algorithm);
    completion.checksum = ChecksumText(*assembly.checksum, terms.composite, assembly.parts.size());
    completion.checksum_type = ChecksumTypeName(terms.composite);
  }
  return completion;
}

Completion Complete(Call& call, const std::shared_ptr<MultipartUpload>& upload,
                    const std::vector<CompletedPart>& wanted, const WriteConditions& conditions,
                    PatientReply& reply) {
  MultipartUpload::Begun begun = upload->BeginCompletion();
  while (begun == MultipartUpload::Begun::kBusy) {
    upload->WaitForCompletion();
    reply.StillWorking();
    begun = upload->BeginCompletion();
  }
  if (begun == MultipartUpload::Begun::kEnded) {
    // By the completion that this one has waited for, perhaps.
    if (std::optional<Completion> earlier = EarlierCompletion(call, wanted)) return *earlier;
    throw NoSuchUploadError(upload->terms().id);
  }
  Completing completing(*upload);
  const UploadTerms& terms = upload->terms();
  const Assembly assembly = Assemble(terms, upload->parts(), wanted);
  CheckPromises(call.head, terms, assembly);
  ThrowUnlessDone(Write(call, *upload, assembly, conditions, reply).outcome, call);
  // The record first: whoever asks again finds the one or the other.
  const Completion completion = CompletionOf(call, terms, assembly, wanted);
  call.service.multipart.uploads.RemoveCompleted(*upload, completion);
  completing.Committed();
  return completion;
}

}  // namespace

void CompleteMultipartUpload(Call& call) {
  const WriteConditions conditions = WriteConditions::Of(call.head);
  const std::vector<CompletedPart> wanted =
      ReadParsed(call, ParseCompleteMultipartUpload, kMaxCompleteBody, PlanWithoutChecksums(call));
  PatientReply reply(call);
  // In this order: one that is completed meanwhile leaves its record before it goes.
  const std::shared_ptr<MultipartUpload> upload = FindUpload(call, UploadRight::kContribute);
  if (!upload) {
    const std::optional<Completion> earlier = EarlierCompletion(call, wanted);
    if (!earlier) throw NoSuchUploadError(call.request.query.Text("uploadId"));
    reply.Finish(ResultDocument(call, *earlier));
    return;
  }
  try {
    reply.Finish(ResultDocument(call, Complete(call, upload, wanted, conditions, reply)));
  } catch (...) {
    reply.Fail(std::current_exception());
  }
}

}  // namespace mkv::s3
