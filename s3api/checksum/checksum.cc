#include "s3api/checksum/checksum.h"

#include <isa-l/crc.h>

#include <utility>

#include "s3api/checksum/crc64nvme.h"
#include "s3api/checksum/digest_text.h"

namespace mkv::s3 {
namespace {

// ISA-L leaves the inversions to the caller here, takes a length of type int, and does not write to
// the buffer that it takes without const.
std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
  crc = ~crc;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMostAtOnce);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    crc = crc32_iscsi(data, static_cast<int>(piece.size()), crc);
    bytes.remove_prefix(piece.size());
  }
  return ~crc;
}

std::string BigEndian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

}  // namespace

Checksum::Checksum(ChecksumAlgorithm algorithm) : algorithm_(algorithm) {
  if (algorithm == ChecksumAlgorithm::kSha1) digest_.emplace(Digest::Kind::kSha1);
  if (algorithm == ChecksumAlgorithm::kSha256) digest_.emplace(Digest::Kind::kSha256);
}

void Checksum::Update(std::string_view bytes) {
  switch (algorithm_) {
    case ChecksumAlgorithm::kCrc32:
      crc_ = crc32_gzip_refl(static_cast<std::uint32_t>(crc_),
                             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      return;
    case ChecksumAlgorithm::kCrc32c:
      crc_ = Crc32c(static_cast<std::uint32_t>(crc_), bytes);
      return;
    case ChecksumAlgorithm::kCrc64Nvme:
      crc_ = Crc64Nvme(crc_, bytes);
      return;
    case ChecksumAlgorithm::kSha1:
    case ChecksumAlgorithm::kSha256:
      digest_->Update(bytes);
  }
}

ChecksumValue Checksum::Finish() {
  if (digest_) return {algorithm_, digest_->Finish()};
  ChecksumValue value{algorithm_, BigEndian(crc_, ValueSize(algorithm_))};
  crc_ = 0;
  return value;
}

ChecksumValue ComputeChecksum(ChecksumAlgorithm algorithm, std::string_view bytes) {
  Checksum checksum(algorithm);
  checksum.Update(bytes);
  return checksum.Finish();
}

std::optional<ChecksumValue> ParseChecksum(ChecksumAlgorithm algorithm, std::string_view base64) {
  std::optional<std::string> value = DecodeBase64(base64);
  if (!value || value->size() != ValueSize(algorithm)) return std::nullopt;
  return ChecksumValue{algorithm, *std::move(value)};
}

}  // namespace mkv::s3
