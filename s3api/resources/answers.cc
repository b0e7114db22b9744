#include "s3api/resources/answers.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "mkvcore/store/value_reader.h"
#include "mkvcore/volumes/memory_source.h"
#include "s3api/protocol/request_body.h"
#include "s3api/signature/canonical.h"

namespace mkv::s3 {
namespace {

// The tree of a longer body can be more than an arena of the heap should keep (heap.h), and there
// are several arenas for each core.
constexpr std::size_t kKeptTree = 256 << 10;

}  // namespace

void AddCommonHeaders(const http::RequestHead& head, http::Response* response) {
  response->Header("x-amz-request-id", head.id);
  response->Header("Server", "mkv");
}

std::string UrlOf(const http::RequestHead& head, std::string_view path) {
  return (head.over_tls ? "https://" : "http://") + head.headers.get("Host", "") +
         UriEncode(path, Slash::kKept);
}

void Reply(Call& call, http::Response response) {
  AddCommonHeaders(call.head, &response);
  call.transfer.Reply(std::move(response));
}

void ReplyXml(Call& call, const XmlDocument& document) {
  http::Response response;
  response.Header("Content-Type", "application/xml");
  response.body = document.Text();
  Reply(call, std::move(response));
}

PayloadPlan PlanOf(const CallContext& call) {
  auto planned = PlanPayload(call.view, call.payload, call.chunk_signer);
  if (const Refusal* refusal = std::get_if<Refusal>(&planned)) throw S3Error(*refusal);
  return std::get<PayloadPlan>(std::move(planned));
}

std::uint64_t UploadLength(const http::RequestHead& head, const PayloadSource& source) {
  const bool told = head.content_length || head.chunked;
  const std::optional<std::uint64_t> size = source.size();
  if (!told || !size) throw S3Error(ErrorCode::kMissingContentLength);
  return *size;
}

std::string ReadBody(Call& call, std::size_t limit) { return ReadBody(call, limit, PlanOf(call)); }

std::string ReadBody(Call& call, std::size_t limit, PayloadPlan plan) {
  const auto raw = std::make_shared<std::string>();
  try {
    // The transfer's limit counts the transfer coding of the payload too, which at worst doubles
    // it.
    *raw = call.transfer.ReadBody(plan.hash.streaming() ? 2 * limit : limit);
  } catch (const http::TransferError& error) {
    if (error.status() == 413) throw S3Error(ErrorCode::kMaxMessageLengthExceeded);
    throw;
  }
  MemorySource held(raw);
  const PayloadSource source(held, std::move(plan));
  const std::string_view body = source.held().value_or("");
  if (body.size() > limit) throw S3Error(ErrorCode::kMaxMessageLengthExceeded);
  return body.data() == raw->data() ? std::move(*raw) : std::string(body);
}

ParseTurn::ParseTurn(Call& call, std::string_view body) : leaves_much_(body.size() > kKeptTree) {
  if (body.size() > kMaxSmallBody) slot_.emplace(call.service.parse_slots.Take({}));
}

ParseTurn::~ParseTurn() {
  if (leaves_much_) malloc_trim(0);
}

Acl AclOfRequest(Call& call, std::string_view owner) {
  const std::optional<Acl> in_headers = AclOfHeaders(call.head, owner);
  const std::string body = ReadBody(call, kMaxSmallBody);
  if (in_headers) {
    if (!body.empty()) throw S3Error(ErrorCode::kUnexpectedContent);
    return *in_headers;
  }
  if (body.empty()) {
    throw S3Error(ErrorCode::kMissingSecurityHeader).With("MissingHeaderName", "x-amz-acl");
  }
  return ParseAccessControlPolicy(body, owner);
}

void ThrowUnlessDone(Outcome outcome, const CallContext& call) {
  switch (outcome) {
    case Outcome::kDone:
      return;
    case Outcome::kMissing:
      throw NoSuchKeyError(call.request.key);
    case Outcome::kProtected:
      throw S3Error(
          ErrorCode::kAccessDenied,
          "The server runs with -protect: UNLINK the key before it is deleted or replaced.");
    case Outcome::kPreconditionFailed:
      throw S3Error(ErrorCode::kPreconditionFailed);
    case Outcome::kVolumesFailed:
      throw S3Error(ErrorCode::kServiceUnavailable,
                    "Too few volumes took the value: nothing was stored. Try again.")
          .Header("Retry-After", "1");
    case Outcome::kOvertaken:
      throw S3Error(ErrorCode::kServiceUnavailable,
                    "Another write came first, on condition that the object is as it was: nothing "
                    "was stored. Try again.")
          .Header("Retry-After", "1");
    case Outcome::kBusy:
      throw S3Error(ErrorCode::kConditionalRequestConflict);
    case Outcome::kExists:
    case Outcome::kImpossible:
      break;
  }
  throw S3Error(ErrorCode::kInternalError);
}

S3Error AsS3Error(const std::exception_ptr& thrown, const http::RequestHead& head) {
  try {
    std::rethrow_exception(thrown);
  } catch (const S3Error& error) {
    return error;
  } catch (const PayloadError& error) {
    return S3Error(error.refusal());
  } catch (const ReadError& error) {
    spdlog::error("{} {} {}: {}", head.id, head.method, head.path, error.what());
    return S3Error(ErrorCode::kServiceUnavailable, "No volume could deliver the value. Try again.")
        .Header("Retry-After", "1");
  } catch (const IndexError& error) {
    spdlog::error("{} {} {}: {}", head.id, head.method, head.path, error.what());
    return S3Error(ErrorCode::kServiceUnavailable, "The index can not be used now. Try again.")
        .Header("Retry-After", "1");
  } catch (const std::exception& error) {
    spdlog::error("{} {} {}: {}", head.id, head.method, head.path, error.what());
    return S3Error(ErrorCode::kInternalError);
  }
}

}  // namespace mkv::s3
