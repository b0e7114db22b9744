#include "s3api/resources/s3_api.h"

#include <chrono>
#include <exception>
#include <utility>
#include <variant>

#include "s3api/protocol/host.h"
#include "s3api/resources/answers.h"

namespace mkv::s3 {

namespace {

ErrorCode CodeForStatus(int status) {
  switch (status) {
    case 408:
      return ErrorCode::kRequestTimeout;
    case 413:
      return ErrorCode::kEntityTooLarge;
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
  throw S3Error(ErrorCode::kNoSuchVersion).With("Key", request.key).With("VersionId", *version);
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
};

S3Api::S3Api(Store& store, const CurrentCredentials& credentials, S3Options options)
    : credentials_(credentials),
      options_(std::move(options)),
      buckets_(store),
      repairer_(store),
      service_{store, buckets_, repairer_, options_},
      authenticator_({.region = options_.region}) {}

void S3Api::OnRequest(const std::shared_ptr<http::Exchange>& exchange) {
  const http::RequestHead& head = exchange->head();
  try {
    // std::function wants what it holds to be copyable.
    const auto admitted = std::make_shared<const Admitted>(Admit(head));
    exchange->RunOnWorker([this, admitted](http::Transfer& transfer) { Run(*admitted, transfer); });
  } catch (...) {
    exchange->Reply(ErrorAnswer(AsS3Error(std::current_exception(), head), head));
  }
}

S3Api::Admitted S3Api::Admit(const http::RequestHead& head) {
  const RequestView view =
      ViewOf(head, VirtualBucket(head.headers.get("Host", ""), options_.domain));
  Admitted admitted;
  admitted.credentials = credentials_.Get();
  const Credentials& credentials = *admitted.credentials;
  if (credentials.empty()) {
    auto declared = DeclaredPayload(view);
    if (const Refusal* refusal = std::get_if<Refusal>(&declared)) throw S3Error(*refusal);
    admitted.payload = std::get<PayloadHash>(std::move(declared));
    admitted.principal = &Everyone();
  } else {
    const auto secrets = [&credentials](std::string_view key) -> std::optional<std::string> {
      const Principal* principal = credentials.Find(key);
      return principal != nullptr ? std::optional(principal->secret_key) : std::nullopt;
    };
    auto verified = authenticator_.Authenticate(
        view, secrets, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    if (const Refusal* refusal = std::get_if<Refusal>(&verified)) throw S3Error(*refusal);
    if (Signer* signer = std::get_if<Signer>(&verified)) {
      admitted.principal = credentials.Find(signer->access_key);
      admitted.payload = std::move(signer->payload);
      admitted.chunk_signer = std::move(signer->chunk_signer);
    }
  }
  admitted.request = Route(head, options_.domain);
  admitted.handler = HandlerOf(admitted.request.operation);
  if (admitted.handler == nullptr) {
    throw S3Error(ErrorCode::kNotImplemented,
                  std::string(NameOf(admitted.request.operation)) + " is not implemented.");
  }
  CheckVersion(admitted.request);
  return admitted;
}

void S3Api::Authorize(const Admitted& admitted, const std::optional<Bucket>& bucket) const {
  const OperationInfo& operation = InfoOf(admitted.request.operation);
  if (admitted.principal == nullptr) throw S3Error(ErrorCode::kAccessDenied);
  // Everyone may list buckets; which ones he sees is decided one by one.
  if (operation.level == Level::kService) return;
  if (!Allows(*admitted.principal, admitted.request.bucket, operation.action,
              bucket ? OwnerOf(*bucket) : std::nullopt)) {
    throw S3Error(ErrorCode::kAccessDenied);
  }
}

void S3Api::Run(const Admitted& admitted, http::Transfer& transfer) {
  const http::RequestHead& head = transfer.head();
  try {
    std::optional<Bucket> bucket;
    if (!admitted.request.bucket.empty()) bucket = buckets_.Find(admitted.request.bucket);
    Authorize(admitted, bucket);
    const Operation operation = admitted.request.operation;
    const bool creates = operation == Operation::kCreateBucket ||
                         (options_.implicit_buckets && (operation == Operation::kPutObject ||
                                                        operation == Operation::kCopyObject));
    if (InfoOf(operation).level != Level::kService && !bucket && !creates) {
      throw NoSuchBucketError(admitted.request.bucket);
    }
    const RequestView view =
        ViewOf(head, VirtualBucket(head.headers.get("Host", ""), options_.domain));
    Call call{service_,         admitted.request,      head,   view,    admitted.principal,
              admitted.payload, admitted.chunk_signer, bucket, transfer};
    admitted.handler(call);
  } catch (const http::TransferError&) {
    throw;  // the client is gone or too slow: the server knows what to answer, if anything
  } catch (...) {
    const S3Error error = AsS3Error(std::current_exception(), head);
    if (transfer.replied()) {
      transfer.Abort();
    } else {
      transfer.Reply(ErrorAnswer(error, head));
    }
  }
}

http::Response S3Api::ErrorAnswer(const S3Error& error, const http::RequestHead& head) const {
  const std::string resource = ResourceOf(head, options_.domain);
  http::Response response =
      ErrorResponse(error, {resource, head.id, head.id, head.method == "HEAD"});
  AddCommonHeaders(head, &response);
  return response;
}

http::Response S3Api::ServerError(int status, const std::string& message,
                                  const http::RequestHead* head) {
  static const http::RequestHead kUnknown;
  const http::RequestHead& known = head != nullptr ? *head : kUnknown;
  http::Response response = ErrorAnswer(S3Error(CodeForStatus(status), message), known);
  response.status = status;
  return response;
}

}  // namespace mkv::s3
