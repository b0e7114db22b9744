#include "s3api/gateway/gateway.h"

#include <utility>

#include "mkvcore/format/index_keys.h"
#include "s3api/multipart/machine_memory.h"
#include "s3api/protocol/classify.h"

namespace mkv::s3 {

namespace {

S3Options S3OptionsOf(const Options& options, bool open) {
  S3Options s3;
  s3.domain = options.domain;
  s3.region = options.region;
  s3.implicit_buckets = options.implicit_buckets.value_or(open);
  s3.multipart.memory = MultipartMemory(options.multipart_memory, MachineMemory());
  s3.multipart.expiry = options.multipart_expiry;
  s3.whitespace_interval = options.whitespace_interval;
  return s3;
}

}  // namespace

Gateway::Gateway(const Options& options, Store& store)
    : store_(store),
      domain_(options.domain),
      credentials_(options.credentials),
      access_(credentials_, options.allow_plain_basic),
      admin_(store),
      native_(store, admin_, access_, options.redirect),
      s3_(store, credentials_, S3OptionsOf(options, open())) {}

void Gateway::OnRequest(std::shared_ptr<http::Exchange> exchange) {
  const http::RequestHead& head = exchange->head();
  if (ProtocolOf(head, domain_) == Protocol::kS3) {
    s3_.OnRequest(exchange);
    return;
  }
  // A browser or curl that asks for `/bucket/key` and says nothing else may want a public object.
  const bool is_unsigned = !head.headers.has("Authorization") && !IsReservedKey(head.path) &&
                           !IsNativeOperation(head.query) && !open();
  if (is_unsigned && s3_.ServeIfPublic(exchange, NativeApi::Unauthorized(head))) return;
  native_.OnRequest(std::move(exchange));
}

http::Response Gateway::ServerError(int status, const std::string& message,
                                    const http::RequestHead* head) {
  const bool s3 = ProtocolOf(*head, domain_) == Protocol::kS3;
  return s3 ? s3_.ServerError(status, message, head) : native_.ServerError(status, message, head);
}

}  // namespace mkv::s3
