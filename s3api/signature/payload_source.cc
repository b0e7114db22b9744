#include "s3api/signature/payload_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "s3api/checksum/digest_text.h"
#include "s3api/signature/hmac.h"

namespace mkv::s3 {
namespace {

std::optional<ChecksumAlgorithm> AlgorithmToCompute(const PayloadPlan& plan) {
  if (plan.checksum) return plan.checksum->algorithm;
  if (plan.trailer) return plan.trailer;
  return plan.default_checksum;
}

}  // namespace

PayloadSource::PayloadSource(Source& body, PayloadPlan plan, AwsChunkedLimits limits)
    : body_(body), plan_(std::move(plan)) {
  if (plan_.hash.streaming()) {
    decoder_.emplace(plan_.hash, plan_.chunk_signer, plan_.decoded_length, limits);
  }
  if (plan_.hash.kind == PayloadHash::Kind::kSha256) sha256_.emplace(Digest::Kind::kSha256);
  if (plan_.content_md5) md5_.emplace(Digest::Kind::kMd5);
  if (const auto algorithm = AlgorithmToCompute(plan_)) checksum_.emplace(*algorithm);

  held_ = body_.held();
  if (!held_) return;
  if (decoder_) {
    decoded_ = *held_;
    decoded_.resize(decoder_->Decode(decoded_));
    held_ = decoded_;
  }
  Update(*held_);
  Verify();
}

std::optional<std::uint64_t> PayloadSource::size() const {
  if (held_) return held_->size();
  if (decoder_) return plan_.decoded_length;
  return body_.size();
}

std::optional<std::string_view> PayloadSource::held() const { return held_; }

Source::Chunk PayloadSource::Read(std::span<char> buffer) {
  if (held_) {
    const std::string_view rest = held_->substr(held_read_, buffer.size());
    if (held_read_ == held_->size()) return {State::kEnd};
    std::memcpy(buffer.data(), rest.data(), rest.size());
    held_read_ += rest.size();
    return {State::kData, rest.size()};
  }
  if (failure_) throw PayloadError(*failure_);
  try {
    return ReadAndCheck(buffer);
  } catch (const PayloadError& error) {
    failure_ = error;
    throw;
  }
}

Source::Chunk PayloadSource::ReadAndCheck(std::span<char> buffer) {
  while (!complete_) {
    Chunk chunk = body_.Read(buffer);
    if (chunk.state == State::kWouldBlock) return chunk;
    if (chunk.state == State::kEnd) {
      Verify();
      break;
    }
    if (decoder_) chunk.bytes = decoder_->Decode(buffer.first(chunk.bytes));
    if (chunk.bytes == 0) continue;  // nothing but framing
    Update({buffer.data(), chunk.bytes});
    return chunk;
  }
  return {State::kEnd};
}

void PayloadSource::Update(std::string_view bytes) {
  if (sha256_) sha256_->Update(bytes);
  if (md5_) md5_->Update(bytes);
  if (checksum_) checksum_->Update(bytes);
}

void PayloadSource::Verify() {
  if (decoder_) decoder_->Finish();
  if (sha256_) {
    const std::string computed = Hex(sha256_->Finish());
    if (!ConstantTimeEqual(computed, plan_.hash.sha256)) {
      throw PayloadError(
          {400,
           "XAmzContentSHA256Mismatch",
           "The provided 'x-amz-content-sha256' header does not match what was computed.",
           {{"ClientComputedContentSHA256", plan_.hash.sha256},
            {"S3ComputedContentSHA256", computed}}});
    }
  }
  if (md5_) {
    const std::string computed = md5_->Finish();
    if (computed != *plan_.content_md5) {
      throw PayloadError({400,
                          "BadDigest",
                          "The Content-MD5 you specified did not match what we received.",
                          {{"ExpectedDigest", Base64(*plan_.content_md5)},
                           {"CalculatedDigest", Base64(computed)}}});
    }
  }
  const std::optional<ChecksumValue> in_trailer = ChecksumFromTrailer();
  const std::optional<ChecksumValue>& expected = in_trailer ? in_trailer : plan_.checksum;
  if (checksum_) computed_checksum_ = checksum_->Finish();
  if (expected && expected != computed_checksum_) {
    computed_checksum_.reset();
    throw PayloadError({400, "BadDigest",
                        "The " + std::string(Name(expected->algorithm)) +
                            " you specified did not match the calculated checksum."});
  }
  complete_ = true;
}

std::optional<ChecksumValue> PayloadSource::ChecksumFromTrailer() const {
  if (!decoder_) return std::nullopt;
  const auto& fields = decoder_->trailer();
  // Exactly what x-amz-trailer announced, or nothing.
  const std::size_t announced = plan_.trailer ? 1 : 0;
  if (fields.size() != announced ||
      (plan_.trailer && fields.front().name != HeaderName(*plan_.trailer))) {
    throw PayloadError({400, "MalformedTrailerError",
                        "The trailer of the request is not the one that x-amz-trailer announced."});
  }
  if (!plan_.trailer) return std::nullopt;
  std::optional<ChecksumValue> value = ParseChecksum(*plan_.trailer, fields.front().value);
  if (!value) {
    throw PayloadError(
        InvalidRequest("Value for " + fields.front().name + " trailing header is invalid."));
  }
  return value;
}

}  // namespace mkv::s3
