#include "s3api/resources/s3_api.h"

#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "mkvcore/volumes/loop_volume_client.h"
#include "mkvcore/volumes/memory_source.h"
#include "s3api/protocol/host.h"
#include "s3api/resources/access.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/headed_transfer.h"
#include "s3api/resources/object_writing.h"
#include "s3api/resources/quick_reader.h"
#include "s3api/signature/presigned_headers.h"

namespace mkv::s3 {

namespace {

// For what the server refuses by itself.
ErrorCode CodeForStatus(int status, const http::RequestHead& head) {
  switch (status) {
    case 400:
      return head.path.empty() && !head.target.empty() ? ErrorCode::kInvalidUri
                                                       : ErrorCode::kBadRequest;
    case 408:
      return ErrorCode::kRequestTimeout;
    case 413:
      return ErrorCode::kEntityTooLarge;
    case 414:
      return ErrorCode::kInvalidUri;
    case 431:
      return ErrorCode::kRequestHeaderSectionTooLarge;
    case 503:
      return ErrorCode::kSlowDown;
    case 500:
      return ErrorCode::kInternalError;
    default:
      return ErrorCode::kBadRequest;
  }
}

// Nothing is versioned: a request for, or to delete, any version but that of an object without
// versions must not reach the one object that there is.
void CheckVersion(const Request& request) {
  const auto version = request.query.Get("versionId");
  if (!version || *version == "null" || InfoOf(request.operation).level != Level::kObject) return;
  CheckVersionId(*version);
  throw S3Error(ErrorCode::kNoSuchVersion).With("Key", request.key).With("VersionId", *version);
}

// Operations that need no bucket where any PUT makes one. What comes after a CreateMultipartUpload
// comes while the object that will make the bucket is not there yet.
bool MakesBucket(Operation operation) {
  switch (operation) {
    case Operation::kPutObject:
    case Operation::kCopyObject:
    case Operation::kPostObject:
    case Operation::kCreateMultipartUpload:
    case Operation::kUploadPart:
    case Operation::kUploadPartCopy:
    case Operation::kListParts:
    case Operation::kCompleteMultipartUpload:
    case Operation::kAbortMultipartUpload:
      return true;
    default:
      return false;
  }
}

// A signature covers all fields of a name as one, with commas between, but only the first would be
// read: what was signed would not be what is done. Of those named here all are read.
void RefuseRepeatedHeaders(const http::RequestHead& head) {
  std::string_view before;
  for (const auto& [name, value] : head.headers) {  // equal names follow one another
    if (name.size() == before.size() && EqualsIgnoringCase(name, before) &&
        StartsWithIgnoringCase(name, "x-amz-") && !StartsWithIgnoringCase(name, "x-amz-meta-") &&
        !EqualsIgnoringCase(name, "x-amz-object-attributes")) {
      throw S3Error(ErrorCode::kInvalidRequest, "The header " + name + " is given more than once.");
    }
    before = name;
  }
}

// What a request that nobody's signature vouches for says of its payload, which is held to it.
PayloadHash RequireDeclaredPayload(const RequestView& view) {
  auto declared = DeclaredPayload(view);
  if (const Refusal* refusal = std::get_if<Refusal>(&declared)) throw S3Error(*refusal);
  return std::get<PayloadHash>(std::move(declared));
}

// Who everyone is where the server has no credentials.
const Principal& Everyone() {
  static const Principal everyone = [] {
    Principal principal;
    principal.access = Access::kAdmin;
    return principal;
  }();
  return everyone;
}

}  // namespace

struct S3Api::Admitted {
  Request request;
  std::shared_ptr<const Credentials> credentials;  // which `principal` points into
  const Principal* principal = nullptr;
  PayloadHash payload;
  std::optional<ChunkSigner> chunk_signer;
  Handler handler;
  // With what a presigned URL says of headers, where it does.
  std::optional<http::RequestHead> presigned_head;
};

struct S3Api::Serving {
  // `request_head` outlives it, unless a presigned URL says more of it.
  Serving(Service& service, std::shared_ptr<const Admitted> admitted_request,
          std::optional<Bucket> its_bucket, const http::RequestHead& request_head,
          const std::string& domain)
      : admitted(std::move(admitted_request)),
        bucket(std::move(its_bucket)),
        head(admitted->presigned_head ? *admitted->presigned_head : request_head),
        virtual_bucket(VirtualBucket(head.headers.get("Host", ""), domain)),
        view(ViewOf(head, virtual_bucket)),
        context{service,           admitted->request,      head,  view, admitted->principal,
                admitted->payload, admitted->chunk_signer, bucket} {}
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  const std::shared_ptr<const Admitted> admitted;
  const std::optional<Bucket> bucket;
  const http::RequestHead& head;
  const std::string virtual_bucket;
  const RequestView view;
  const CallContext context;
};

struct S3Api::OfLoop {
  OfLoop(EventLoop& loop, Store& store)
      : volumes(loop, store.volumes().options(), store.volumes().health()),
        reader(volumes, store) {}

  LoopVolumeClient volumes;
  QuickReader reader;
};

S3Api::~S3Api() = default;

S3Api::S3Api(Store& store, const CurrentCredentials& credentials, S3Options options)
    : credentials_(credentials),
      options_(std::move(options)),
      buckets_(store),
      repairer_(store),
      multipart_(store, options_.multipart),
      service_{store,        buckets_,       repairer_, multipart_,  options_,
               credentials_, authenticator_, readers_,  form_slots_, parse_slots_},
      authenticator_({.region = options_.region}),
      readers_(std::thread::hardware_concurrency() / 2) {}

void S3Api::OnRequest(const std::shared_ptr<http::Exchange>& exchange) {
  const http::RequestHead& head = exchange->head();
  try {
    // std::function wants what it holds to be copyable.
    const auto admitted = std::make_shared<const Admitted>(Admit(head));
    if (!ServeOnLoop(exchange, admitted)) ServeOnWorker(*exchange, admitted);
  } catch (...) {
    Refuse(exchange, AsS3Error(std::current_exception(), head));
  }
}

void S3Api::ServeOnWorker(http::Exchange& exchange,
                          const std::shared_ptr<const Admitted>& admitted) {
  exchange.RunOnWorker([this, admitted](http::Transfer& transfer) { Run(admitted, transfer); });
}

bool S3Api::ServeOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                        const std::shared_ptr<const Admitted>& admitted) {
  OfLoop* of_loop = nullptr;
  {
    const std::shared_lock lock(loops_mutex_);
    const auto found = loops_.find(&exchange->loop());
    if (found == loops_.end()) return false;
    of_loop = found->second.get();  // this thread's, until it ends the loop
  }
  if (admitted->request.operation == Operation::kPutObject) {
    return WriteOnLoop(exchange, admitted, *of_loop);
  }
  return IsObjectRead(admitted->request.operation) && ReadOnLoop(exchange, admitted, *of_loop);
}

bool S3Api::ReadOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                       const std::shared_ptr<const Admitted>& admitted, OfLoop& of_loop) {
  const Request& request = admitted->request;
  const std::optional<Bucket> bucket = buckets_.LookAt(request.bucket).bucket;
  if (!bucket || !bucket->cors().empty()) return false;
  const std::optional<Object> object = service_.store.Find(StoreKey(request.bucket, request.key));
  if (!object || object->record.unlinked || !object->metadata ||
      !MayRead(admitted->principal, bucket, request.bucket, *object)) {
    return false;
  }
  const http::RequestHead& head =
      admitted->presigned_head ? *admitted->presigned_head : exchange->head();
  of_loop.reader.Answer(exchange, *object, PlanRead(request, head, admitted->principal, *object),
                        [this, exchange, admitted] { ServeOnWorker(*exchange, admitted); });
  return true;
}

bool S3Api::WriteOnLoop(const std::shared_ptr<http::Exchange>& exchange,
                        const std::shared_ptr<const Admitted>& admitted, OfLoop& of_loop) {
  const http::RequestHead& head = exchange->head();
  if (!service_.store.MayPutOnLoop(of_loop.volumes, head.content_length)) return false;
  // What a condition is held against may have to be asked of a volume.
  if (!WriteConditions::Of(head).empty()) return false;
  const std::optional<Bucket> bucket = buckets_.LookAt(admitted->request.bucket).bucket;
  if (!bucket || !bucket->cors().empty()) return false;
  Authorize(*admitted, bucket);

  // One PutObject, from its body to its answer.
  struct Writing {
    Writing(Service& service, const std::shared_ptr<const Admitted>& request, const Bucket& into,
            const std::shared_ptr<http::Exchange>& asked, const std::string& domain,
            const http::Exchange::Collected& collected)
        : exchange(asked),
          serving(service, request, into, asked->head(), domain),
          body(collected),
          object(serving.context, body),
          value(object.value().held() == *collected
                    ? collected
                    : std::make_shared<const std::string>(object.value().held().value())) {}

    http::Response Answer(const Store::PutResult& result) const {
      http::Response response = object.Answer(result);
      AddCommonHeaders(serving.head, &response);
      return response;
    }

    const std::shared_ptr<http::Exchange> exchange;
    const Serving serving;
    MemorySource body;
    ObjectWriting object;
    const http::Exchange::Collected value;
  };
  return exchange->Collect([this, exchange, admitted, bucket,
                            &of_loop](const http::Exchange::Collected& body) {
    try {
      const auto writing =
          std::make_shared<Writing>(service_, admitted, *bucket, exchange, options_.domain, body);
      service_.store.ReplaceOnLoop(
          of_loop.volumes, writing->serving.context.StoreKey(), writing->value,
          writing->object.Request(), [this, writing](const Store::LoopPutEnd& end) {
            if (end.on_worker) {
              writing->exchange->RunOnWorker([this, writing, end](http::Transfer& transfer) {
                ReplyOrRefuse(transfer, [&] { return writing->Answer(end.on_worker()); });
              });
              return;
            }
            ReplyOrRefuse(*writing->exchange, [&] {
              if (end.error) std::rethrow_exception(end.error);
              return writing->Answer(end.result);
            });
          });
    } catch (...) {
      exchange->Reply(
          ErrorAnswer(AsS3Error(std::current_exception(), exchange->head()), exchange->head()));
    }
  });
}

template <typename Out>
void S3Api::ReplyOrRefuse(Out& out, const std::function<http::Response()>& answer) {
  http::Response response;
  try {
    response = answer();
  } catch (...) {
    const http::RequestHead& head = out.head();
    response = ErrorAnswer(AsS3Error(std::current_exception(), head), head);
  }
  out.Reply(std::move(response));
}

void S3Api::OnLoopStart(EventLoop& loop) {
  const std::unique_lock lock(loops_mutex_);
  loops_.emplace(&loop, std::make_unique<OfLoop>(loop, service_.store));
}

void S3Api::OnLoopEnd(EventLoop& loop) {
  std::unique_ptr<OfLoop> ended;
  const std::unique_lock lock(loops_mutex_);
  if (const auto found = loops_.find(&loop); found != loops_.end()) {
    ended = std::move(found->second);
    loops_.erase(found);
  }
}

void S3Api::Refuse(const std::shared_ptr<http::Exchange>& exchange, const S3Error& error) {
  const http::RequestHead& head = exchange->head();
  http::Response response = ErrorAnswer(error, head);
  BucketRegistry::Glance glance;
  const std::string name = BucketOfResource(ResourceOf(head, options_.domain));
  if (head.headers.has("Origin")) {
    try {
      glance = buckets_.LookAt(name);
    } catch (const IndexError&) {
      // Then without.
    }
  }
  const auto reply = [head, response](const Bucket& bucket, auto& out) {
    http::Response answer = response;
    if (!bucket.cors().empty()) {
      for (auto& header : CorsHeaders(bucket.cors(), head)) answer.headers.push_back(header);
    }
    out.Reply(std::move(answer));
  };
  if (!glance.created) {
    exchange->Reply(std::move(response));
  } else if (glance.bucket) {
    reply(*glance.bucket, *exchange);
  } else {
    exchange->RunOnWorker([this, reply, name](http::Transfer& transfer) {
      std::optional<Bucket> bucket;
      try {
        bucket = buckets_.Find(name);
      } catch (const std::exception&) {
        // Then without.
      }
      reply(bucket.value_or(Bucket{}), transfer);
    });
  }
}

bool S3Api::ServeIfPublic(const std::shared_ptr<http::Exchange>& exchange, http::Response refusal) {
  std::shared_ptr<const Admitted> admitted;
  try {
    admitted = std::make_shared<const Admitted>(Admit(exchange->head()));
    const Request& request = admitted->request;
    const bool is_read = IsObjectRead(request.operation);
    // What the bucket's ACL has to allow. That there is no such object is told to whoever may list.
    const Operation operation = is_read ? Operation::kListObjectsV2 : request.operation;
    std::optional<Object> object;
    if (is_read) object = service_.store.Find(StoreKey(request.bucket, request.key));
    bool is_public = false;
    BucketRegistry::Glance glance;
    if (object && !object->record.unlinked) {
      is_public = GrantsRead(AclOf(*object), false);
    } else {
      glance = buckets_.LookAt(request.bucket);
      is_public = glance.bucket && AclAllows(*glance.bucket, nullptr, operation);
    }
    const bool has_to_be_read = glance.created && !glance.bucket;
    if (!is_public && !has_to_be_read) return false;
    exchange->RunOnWorker([this, admitted, is_read, operation, is_public,
                           refusal = std::move(refusal)](http::Transfer& transfer) {
      std::optional<Bucket> bucket;
      if (!is_public) {
        try {
          bucket = buckets_.Find(admitted->request.bucket);
        } catch (const std::exception&) {
          // Told of absent objects alone, it would tell them from private ones.
          if (is_read) return transfer.Reply(refusal);
          // Run() finds out, and tells, what is wrong.
          return Run(admitted, transfer);
        }
      }
      if (is_public || (bucket && AclAllows(*bucket, nullptr, operation))) {
        Run(admitted, transfer);
      } else {
        transfer.Reply(refusal);
      }
    });
    return true;
  } catch (const S3Error&) {
    return false;  // nothing that S3 knows
  } catch (const IndexError&) {
    return false;
  }
}

S3Api::Admitted S3Api::Admit(const http::RequestHead& head) {
  const std::string virtual_bucket = VirtualBucket(head.headers.get("Host", ""), options_.domain);
  const RequestView view = ViewOf(head, virtual_bucket);
  Query query(head.query);
  Admitted admitted;
  admitted.credentials = credentials_.Get();
  const Credentials& credentials = *admitted.credentials;
  if (credentials.empty()) {
    admitted.payload = RequireDeclaredPayload(view);
    admitted.principal = &Everyone();
  } else if (head.method != "OPTIONS") {  // which browsers send without any credentials
    const auto secrets = [&credentials](std::string_view key) -> std::optional<std::string> {
      const Principal* principal = credentials.Find(key);
      return principal != nullptr ? std::optional(principal->secret_key) : std::nullopt;
    };
    auto verified = authenticator_.Authenticate(
        view, query.parameters(), secrets,
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    if (const Refusal* refusal = std::get_if<Refusal>(&verified)) throw S3Error(*refusal);
    if (Signer* signer = std::get_if<Signer>(&verified)) {
      admitted.principal = credentials.Find(signer->access_key);
      admitted.payload = std::move(signer->payload);
      admitted.chunk_signer = std::move(signer->chunk_signer);
    } else {
      admitted.payload = RequireDeclaredPayload(view);
    }
  }
  RefuseRepeatedHeaders(head);
  if (admitted.principal != nullptr) {
    admitted.presigned_head = WithPresignedHeaders(head, query.parameters());
  }
  admitted.request = Route(admitted.presigned_head ? *admitted.presigned_head : head,
                           std::move(query), options_.domain);
  admitted.handler = HandlerOf(admitted.request.operation);
  if (admitted.handler == nullptr) {
    throw S3Error(ErrorCode::kNotImplemented,
                  std::string(NameOf(admitted.request.operation)) + " is not implemented.");
  }
  CheckVersion(admitted.request);
  return admitted;
}

void S3Api::Authorize(const Admitted& admitted, const std::optional<Bucket>& bucket) const {
  const Operation operation = admitted.request.operation;
  const OperationInfo& info = InfoOf(operation);
  // A preflight is anybody's. A form carries its signature in its body: its handler sees to it.
  if (operation == Operation::kPreflight || operation == Operation::kPostObject) return;
  // Everyone may list buckets; which ones he sees is decided one by one.
  if (info.level == Level::kService && admitted.principal != nullptr) return;
  if (admitted.principal != nullptr &&
      Allows(*admitted.principal, admitted.request.bucket, info.action,
             bucket ? OwnerOf(*bucket) : std::nullopt)) {
    return;
  }
  // Whether the object's own ACL allows it is asked where the object is read. That there is no such
  // bucket is told to nobody without rights on its name, whatever he asks.
  if (bucket && IsObjectRead(operation)) return;
  if (!bucket || !AclAllows(*bucket, admitted.principal, operation)) {
    throw S3Error(ErrorCode::kAccessDenied);
  }
}

void S3Api::Run(const std::shared_ptr<const Admitted>& admitted, http::Transfer& transfer) {
  const http::RequestHead& head = transfer.head();
  std::optional<Bucket> bucket;
  try {
    if (!admitted->request.bucket.empty()) bucket = buckets_.Find(admitted->request.bucket);
  } catch (...) {
    return transfer.Reply(ErrorAnswer(AsS3Error(std::current_exception(), head), head));
  }
  const bool for_browsers =
      bucket && !bucket->cors().empty() && admitted->request.operation != Operation::kPreflight;
  const Serving serving(service_, admitted, bucket, head, options_.domain);
  if (!for_browsers) return Serve(serving, transfer);
  HeadedTransfer headed(transfer, CorsHeaders(bucket->cors(), head));
  Serve(serving, headed);
}

void S3Api::Serve(const Serving& serving, http::Transfer& transfer) {
  try {
    const Admitted& admitted = *serving.admitted;
    Authorize(admitted, serving.bucket);
    const Operation operation = admitted.request.operation;
    const bool needs_none = operation == Operation::kCreateBucket ||
                            operation == Operation::kPreflight ||
                            operation == Operation::kPostObject ||  // see Authorize()
                            (options_.implicit_buckets && MakesBucket(operation));
    if (InfoOf(operation).level != Level::kService && !serving.bucket && !needs_none) {
      throw NoSuchBucketError(admitted.request.bucket);
    }
    Call call{serving.context, transfer};
    admitted.handler(call);
  } catch (const http::TransferError&) {
    throw;  // the client is gone or too slow: the server knows what to answer, if anything
  } catch (...) {
    const S3Error error = AsS3Error(std::current_exception(), serving.head);
    if (transfer.replied()) {
      transfer.Abort();
    } else {
      transfer.Reply(ErrorAnswer(error, serving.head));
    }
  }
}

http::Response S3Api::ErrorAnswer(const S3Error& error, const http::RequestHead& head) const {
  const std::string resource = ResourceOf(head, options_.domain);
  http::Response response = ErrorResponse(error, {resource, head.id, head.id});
  // There is no document to tell for which region the request should have been signed. The SDKs
  // look for it here (API_HeadBucket.html: "whether access to the bucket is authorized or not").
  if (head.method == "HEAD" && !BucketOfResource(resource).empty()) {
    response.Header(kBucketRegion, options_.told_region());
  }
  AddCommonHeaders(head, &response);
  return response;
}

http::Response S3Api::ServerError(int status, const std::string& message,
                                  const http::RequestHead* head) {
  http::Response response = ErrorAnswer(S3Error(CodeForStatus(status, *head), message), *head);
  // The SDKs try again after a RequestTimeout only if it is 400, as S3's is (botocore's
  // _retry.json).
  if (status != 408) response.status = status;
  return response;
}

}  // namespace mkv::s3
