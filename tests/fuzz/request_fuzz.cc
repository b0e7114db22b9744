// The raw head of a request, as far as it goes without a store: delimited, taken apart, classified,
// routed, and its signature verified (SigV4 header and query, SigV2 query), with a known key and on
// the date of AWS's published examples.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mkvcore/http/access_log.h"
#include "mkvcore/http/head_parser.h"
#include "mkvcore/http/head_validation.h"
#include "s3api/protocol/classify.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/host.h"
#include "s3api/protocol/router.h"
#include "s3api/signature/authenticator.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kDomain = "s3.test";

void Require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> Secret(std::string_view access_key) {
  if (access_key != "AKIAIOSFODNN7EXAMPLE") return std::nullopt;
  return "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
}

// A head scanned in two pieces ends where it ends scanned whole.
void CheckScan(std::string_view bytes, const http::HeadScan& whole) {
  const http::HeadScan first = http::ScanHead(bytes.substr(0, bytes.size() / 2), 0);
  if (first.state != http::HeadScan::State::kIncomplete) return;
  const http::HeadScan rest = http::ScanHead(bytes, first.resume);
  Require(rest.state == whole.state && rest.length == whole.length);
}

void Take(const http::RequestHead& head) {
  Require(head.target.starts_with('/') && !head.path.empty());
  Require(!(head.chunked && head.content_length));
  http::LoggedTarget(head.target);
  const bool s3 = ProtocolOf(head, kDomain) == Protocol::kS3;
  const std::string bucket = VirtualBucket(head.headers.get("Host", ""), kDomain);
  Require(bucket.empty() || s3);
  static Authenticator authenticator({});
  const auto who = authenticator.Authenticate(ViewOf(head, bucket), DecodeQuery(head.query), Secret,
                                              ParseAmzTime("20130524T000000Z").value());
  // Whatever is signed, rightly or not, speaks S3.
  if (std::holds_alternative<Signer>(who)) Require(s3);
  try {
    const Request request = Route(head, Query(head.query), kDomain);
    if (head.headers.has("x-amz-copy-source")) {
      ParseCopySource(head.headers.get("x-amz-copy-source"));
    }
  } catch (const S3Error&) {
  }
}

}  // namespace
}  // namespace mkv::s3

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const mkv::http::HeadScan scan = mkv::http::ScanHead(bytes, 0);
  mkv::s3::CheckScan(bytes, scan);
  if (scan.state != mkv::http::HeadScan::State::kComplete) return 0;
  mkv::http::RequestHead head;
  if (!mkv::http::ParseHead(bytes.substr(0, scan.length), {}, head)) mkv::s3::Take(head);
  return 0;
}
