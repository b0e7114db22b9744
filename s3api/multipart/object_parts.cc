#include "s3api/multipart/object_parts.h"

#include <algorithm>
#include <string>

#include "s3api/checksum/crc_combine.h"

namespace mkv::s3 {
namespace {

bool HaveChecksums(const std::vector<ObjectPart>& parts) {
  return !parts.empty() && std::all_of(parts.begin(), parts.end(), [&](const ObjectPart& part) {
    return part.checksum && parts.front().checksum &&
           part.checksum->algorithm == parts.front().checksum->algorithm;
  });
}

}  // namespace

format::Parts EncodeParts(const std::vector<ObjectPart>& parts) {
  format::Parts encoded;
  for (const ObjectPart& part : parts) {
    const int runs = encoded.runs_size();
    if (runs > 0 && encoded.runs(runs - 1).size() == part.size) {
      format::Parts::Run& run = *encoded.mutable_runs(runs - 1);
      run.set_count(run.count() + 1);
      continue;
    }
    format::Parts::Run& run = *encoded.add_runs();
    run.set_size(part.size);
    run.set_count(1);
  }
  if (HaveChecksums(parts)) {
    encoded.set_checksum_algorithm(std::string(Name(parts.front().checksum->algorithm)));
    for (const ObjectPart& part : parts) encoded.mutable_checksums()->append(part.checksum->value);
  }
  return encoded;
}

std::optional<ChecksumValue> CombineChecksums(ChecksumAlgorithm algorithm,
                                              const std::vector<ObjectPart>& parts) {
  if (!IsCrc(algorithm)) return std::nullopt;
  ChecksumValue whole = ComputeChecksum(algorithm, "");
  for (const ObjectPart& part : parts) {
    if (!part.checksum || part.checksum->algorithm != algorithm) return std::nullopt;
    whole.value = CombineCrc(algorithm, whole.value, part.checksum->value, part.size);
  }
  return whole;
}

std::uint64_t CountParts(const format::ObjectMetadata& metadata) {
  std::uint64_t count = 0;
  for (const format::Parts::Run& run : metadata.parts().runs()) count += run.count();
  return count;
}

std::vector<ObjectPart> DecodeParts(const format::ObjectMetadata& metadata, std::uint64_t first,
                                    std::uint64_t count) {
  const format::Parts& parts = metadata.parts();
  const std::optional<ChecksumAlgorithm> algorithm = AlgorithmNamed(parts.checksum_algorithm());
  const std::size_t value_size = algorithm ? ValueSize(*algorithm) : 0;
  std::vector<ObjectPart> decoded;
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  for (const format::Parts::Run& run : parts.runs()) {
    for (std::uint32_t i = 0; i < run.count(); ++i, ++number, offset += run.size()) {
      if (number < first) continue;
      if (decoded.size() == count) return decoded;
      ObjectPart& part = decoded.emplace_back();
      part.offset = offset;
      part.size = run.size();
      const std::size_t at = static_cast<std::size_t>(number) * value_size;
      if (algorithm && at + value_size <= parts.checksums().size()) {
        part.checksum = {*algorithm, parts.checksums().substr(at, value_size)};
      }
    }
  }
  return decoded;
}

}  // namespace mkv::s3
