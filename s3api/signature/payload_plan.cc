#include "s3api/signature/payload_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kChecksumPrefix = "x-amz-checksum-";
// Headers of that prefix which hold no value of a checksum.
constexpr std::array<std::string_view, 3> kAboutChecksums = {
    "x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"};

std::vector<std::string_view> SplitList(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (const std::string_view item = Trim(list.substr(0, end)); !item.empty()) {
      items.push_back(item);
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return items;
}

bool IsAwsChunked(std::string_view content_encoding) {
  const std::vector<std::string_view> codings = SplitList(content_encoding);
  return std::any_of(codings.begin(), codings.end(), [](std::string_view coding) {
    return EqualsIgnoringCase(coding, "aws-chunked");
  });
}

std::optional<Refusal> PlanChecksumHeader(const RequestView& request, PayloadPlan& plan) {
  for (const HeaderField& field : request.headers) {
    if (!IsChecksumHeader(field.name)) continue;
    const std::string name = LowerCase(field.name);
    const std::optional<ChecksumAlgorithm> algorithm = AlgorithmOfHeader(name);
    if (!algorithm) {
      return InvalidRequest(
          "The algorithm type you specified in x-amz-checksum- header is invalid.");
    }
    if (plan.checksum) {
      return InvalidRequest(
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    plan.checksum = ParseChecksum(*algorithm, Trim(field.value));
    if (!plan.checksum) return InvalidRequest("Value for " + name + " header is invalid.");
  }
  return std::nullopt;
}

std::optional<Refusal> PlanTrailer(const RequestView& request, PayloadPlan& plan) {
  for (const std::string_view name : SplitList(request.Header("x-amz-trailer").value_or(""))) {
    const std::optional<ChecksumAlgorithm> algorithm = AlgorithmOfHeader(name);
    if (!algorithm || !plan.hash.has_trailer()) {
      return InvalidRequest("The value specified in the x-amz-trailer header is not supported");
    }
    if (plan.checksum || plan.trailer) {
      return InvalidRequest("Expecting a single x-amz-checksum- header");
    }
    plan.trailer = algorithm;
  }
  return std::nullopt;
}

std::optional<Refusal> CheckSdkAlgorithm(const RequestView& request, const PayloadPlan& plan) {
  const auto name = request.Header("x-amz-sdk-checksum-algorithm");
  if (!name) return std::nullopt;
  const std::optional<ChecksumAlgorithm> sent =
      plan.checksum ? std::optional(plan.checksum->algorithm) : plan.trailer;
  const std::optional<ChecksumAlgorithm> algorithm = AlgorithmNamed(*name);
  if (algorithm && !sent) {
    return InvalidRequest(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
        "x-amz-trailer headers were found.");
  }
  if (!algorithm || algorithm != sent) {
    return InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
  return std::nullopt;
}

std::optional<Refusal> PlanLength(const RequestView& request, PayloadPlan& plan) {
  const auto text = request.Header("x-amz-decoded-content-length");
  // Clients that do not sign at all still send trailers, in a body that only its encoding names.
  if (plan.hash.kind == PayloadHash::Kind::kUnsigned && text &&
      IsAwsChunked(request.Header("Content-Encoding").value_or(""))) {
    plan.hash.kind = PayloadHash::Kind::kStreamingUnsignedTrailer;
  }
  if (!plan.hash.streaming()) return std::nullopt;
  if (!text) {
    return Refusal{411, "MissingContentLength",
                   "You must provide the x-amz-decoded-content-length HTTP header."};
  }
  const char* const text_end = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), text_end, plan.decoded_length);
  if (error != std::errc() || end != text_end) {
    return InvalidArgument("x-amz-decoded-content-length must be a number",
                           "x-amz-decoded-content-length", std::string(*text));
  }
  return std::nullopt;
}

std::optional<Refusal> PlanContentMd5(const RequestView& request, PayloadPlan& plan) {
  const auto text = request.Header("Content-MD5");
  if (!text) return std::nullopt;
  plan.content_md5 = DecodeBase64(*text);
  if (plan.content_md5 && plan.content_md5->size() == 16) return std::nullopt;
  return Refusal{400,
                 "InvalidDigest",
                 "The Content-MD5 you specified was invalid.",
                 {{"Content-MD5", std::string(*text)}}};
}

}  // namespace

bool IsChecksumHeader(std::string_view name) {
  return StartsWithIgnoringCase(name, kChecksumPrefix) &&
         std::none_of(kAboutChecksums.begin(), kAboutChecksums.end(),
                      [name](std::string_view other) { return EqualsIgnoringCase(name, other); });
}

std::variant<PayloadPlan, Refusal> PlanPayload(const RequestView& request, PayloadHash hash,
                                               std::optional<ChunkSigner> chunk_signer) {
  PayloadPlan plan;
  plan.hash = std::move(hash);
  plan.chunk_signer = std::move(chunk_signer);
  if (auto refusal = PlanLength(request, plan)) return *std::move(refusal);
  if (auto refusal = PlanContentMd5(request, plan)) return *std::move(refusal);
  if (auto refusal = PlanChecksumHeader(request, plan)) return *std::move(refusal);
  if (auto refusal = PlanTrailer(request, plan)) return *std::move(refusal);
  if (auto refusal = CheckSdkAlgorithm(request, plan)) return *std::move(refusal);
  return plan;
}

std::string ContentEncodingOfObject(std::string_view content_encoding) {
  if (!IsAwsChunked(content_encoding)) return std::string(content_encoding);
  std::string kept;
  for (std::string_view rest = content_encoding; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view coding = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (EqualsIgnoringCase(Trim(coding), "aws-chunked")) continue;
    if (!kept.empty()) kept += ',';
    kept += coding;
  }
  return std::string(Trim(kept));
}

}  // namespace mkv::s3
