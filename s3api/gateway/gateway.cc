#include "s3api/gateway/gateway.h"

#include <utility>

#include "s3api/protocol/classify.h"

namespace mkv::s3 {

namespace {

S3Options S3OptionsOf(const Options& options, bool open) {
  S3Options s3;
  s3.domain = options.domain;
  s3.region = options.region;
  s3.implicit_buckets = options.implicit_buckets.value_or(open);
  return s3;
}

}  // namespace

Gateway::Gateway(const Options& options, Store& store)
    : domain_(options.domain),
      credentials_(options.credentials),
      access_(credentials_),
      admin_(store),
      native_(store, admin_, access_, options.redirect),
      s3_(store, credentials_, S3OptionsOf(options, open())) {}

void Gateway::OnRequest(std::shared_ptr<http::Exchange> exchange) {
  if (ProtocolOf(exchange->head(), domain_) == Protocol::kS3) {
    s3_.OnRequest(exchange);
  } else {
    native_.OnRequest(std::move(exchange));
  }
}

http::Response Gateway::ServerError(int status, const std::string& message,
                                    const http::RequestHead* head) {
  const bool s3 = head != nullptr && ProtocolOf(*head, domain_) == Protocol::kS3;
  return s3 ? s3_.ServerError(status, message, head) : native_.ServerError(status, message, head);
}

}  // namespace mkv::s3
