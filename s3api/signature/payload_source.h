// The payload of a request as a Source: decoded from aws-chunked where it is, and checked against
// everything that its PayloadPlan promises.
//
// The store makes a value visible only after kEnd, and PayloadSource throws PayloadError instead of
// reporting kEnd when anything does not hold: so nothing unverified is ever seen. What the body
// itself throws (client gone, too slow) passes through.
//
// One thread at a time. `body` must outlive it.
#ifndef S3API_SIGNATURE_PAYLOAD_SOURCE_H_
#define S3API_SIGNATURE_PAYLOAD_SOURCE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mkvcore/volumes/source.h"
#include "s3api/checksum/checksum.h"
#include "s3api/checksum/digest.h"
#include "s3api/signature/aws_chunked.h"
#include "s3api/signature/payload_plan.h"

namespace mkv::s3 {

class PayloadSource : public Source {
 public:
  // A body that is held in memory is decoded and verified here, so this can throw PayloadError.
  PayloadSource(Source& body, PayloadPlan plan, AwsChunkedLimits limits = {});

  PayloadSource(const PayloadSource&) = delete;
  PayloadSource& operator=(const PayloadSource&) = delete;

  // Of the decoded payload.
  std::optional<std::uint64_t> size() const override;
  std::optional<std::string_view> held() const override;
  Chunk Read(std::span<char> buffer) override;
  int poll_fd() const override { return body_.poll_fd(); }
  short poll_events() const override { return body_.poll_events(); }

  // Known once the payload is complete (kEnd, or at once when held): the checksum that the client
  // sent, now verified, or the plan's default_checksum; nullopt when there is neither.
  const std::optional<ChecksumValue>& checksum() const { return computed_checksum_; }

 private:
  Chunk ReadAndCheck(std::span<char> buffer);
  void Update(std::string_view bytes);
  // The payload has ended: throws unless all that the plan promises holds.
  void Verify();
  std::optional<ChecksumValue> ChecksumFromTrailer() const;

  Source& body_;
  const PayloadPlan plan_;
  std::optional<AwsChunkedDecoder> decoder_;
  std::optional<Digest> sha256_;
  std::optional<Digest> md5_;
  std::optional<Checksum> checksum_;
  std::optional<ChecksumValue> computed_checksum_;
  bool complete_ = false;
  std::optional<PayloadError> failure_;  // final: a body that failed once never ends well

  std::string decoded_;  // the held payload, when it had to be decoded
  std::optional<std::string_view> held_;
  std::size_t held_read_ = 0;
};

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_PAYLOAD_SOURCE_H_
