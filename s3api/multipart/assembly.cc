#include "s3api/multipart/assembly.h"

#include <algorithm>

#include "mkvcore/store/value_reader.h"
#include "s3api/checksum/crc_combine.h"
#include "s3api/checksum/digest.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/multipart/object_parts.h"
#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

std::string BigEndian(std::uint32_t crc) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(crc >> shift & 0xff);
  return bytes;
}

std::uint32_t FromBigEndian(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) crc = crc << 8 | static_cast<unsigned char>(c);
  return crc;
}

S3Error InvalidPartError(std::uint32_t number, std::string_view etag) {
  return S3Error(ErrorCode::kInvalidPart)
      .With("PartNumber", std::to_string(number))
      .With("ETag", etag);
}

bool IsWanted(const StagedPart& part, const CompletedPart& wanted) {
  if (wanted.etag != part.ETag()) return false;
  return std::all_of(wanted.checksums.begin(), wanted.checksums.end(),
                     [&part](const auto& checksum) {
                       const std::optional<ChecksumValue>& known = part.facts().checksum;
                       return known && known->algorithm == checksum.first &&
                              Base64(known->value) == checksum.second;
                     });
}

std::string ETagOfParts(const std::vector<std::shared_ptr<const StagedPart>>& parts) {
  Digest digest(Digest::Kind::kMd5);
  for (const auto& part : parts) digest.Update(part->facts().md5);
  return Hex(digest.Finish()) + "-" + std::to_string(parts.size());
}

std::vector<ObjectPart> PartsOf(const Assembly& assembly) {
  std::vector<ObjectPart> parts;
  parts.reserve(assembly.parts.size());
  for (const auto& part : assembly.parts) {
    parts.push_back({0, part->facts().size, part->facts().checksum});
  }
  return parts;
}

// nullopt when a part has none of that algorithm.
std::optional<ChecksumValue> ChecksumOfChecksums(ChecksumAlgorithm algorithm,
                                                 const std::vector<ObjectPart>& parts) {
  Checksum of_checksums(algorithm);
  for (const ObjectPart& part : parts) {
    if (!part.checksum || part.checksum->algorithm != algorithm) return std::nullopt;
    of_checksums.Update(part.checksum->value);
  }
  return of_checksums.Finish();
}

std::optional<ChecksumValue> ObjectChecksum(const UploadTerms& terms,
                                            const std::vector<ObjectPart>& parts) {
  if (!terms.checksum) return std::nullopt;
  return terms.composite ? ChecksumOfChecksums(*terms.checksum, parts)
                         : CombineChecksums(*terms.checksum, parts);
}

}  // namespace

Assembly Assemble(const UploadTerms& terms, const MultipartUpload::Parts& staged,
                  const std::vector<CompletedPart>& wanted) {
  Assembly assembly;
  std::string crc32c = BigEndian(0);
  for (const CompletedPart& part : wanted) {
    const auto found = staged.find(part.number);
    if (found == staged.end() || !IsWanted(*found->second, part)) {
      throw InvalidPartError(part.number, part.etag);
    }
    const PartFacts& facts = found->second->facts();
    if (facts.size < kLeastPartBytes && &part != &wanted.back()) {
      throw S3Error(ErrorCode::kEntityTooSmall)
          .With("ProposedSize", std::to_string(facts.size))
          .With("MinSizeAllowed", std::to_string(kLeastPartBytes))
          .With("PartNumber", std::to_string(part.number))
          .With("ETag", part.etag);
    }
    assembly.size += facts.size;
    if (assembly.size > kMaxObjectBytes) throw S3Error(ErrorCode::kEntityTooLarge);
    crc32c = CombineCrc(ChecksumAlgorithm::kCrc32c, crc32c, BigEndian(facts.crc32c), facts.size);
    assembly.parts.push_back(found->second);
  }
  assembly.crc32c = FromBigEndian(crc32c);
  assembly.etag = ETagOfParts(assembly.parts);
  assembly.checksum = ObjectChecksum(terms, PartsOf(assembly));
  return assembly;
}

void DescribeAssembly(const UploadTerms& terms, const Assembly& assembly,
                      format::ObjectMetadata& metadata) {
  metadata.MergeFrom(terms.description);
  metadata.set_etag(assembly.etag);
  *metadata.mutable_parts() = EncodeParts(PartsOf(assembly));
  if (!assembly.checksum) return;
  format::Checksum& stored = *metadata.add_checksums();
  stored.set_algorithm(std::string(Name(assembly.checksum->algorithm)));
  stored.set_value(assembly.checksum->value);
  metadata.set_composite_checksum(terms.composite);
}

std::string_view ChecksumTypeName(bool composite) {
  return composite ? "COMPOSITE" : "FULL_OBJECT";
}

std::string ChecksumText(const ChecksumValue& checksum, bool composite, std::uint64_t parts) {
  std::string text = Base64(checksum.value);
  if (composite) text.append(1, '-').append(std::to_string(parts));
  return text;
}

Source::Chunk AssembledSource::Read(std::span<char> buffer) {
  if (upload_.aborted()) throw S3Error(ErrorCode::kNoSuchUpload);
  try {
    return ReadPart(buffer);
  } catch (const SourceError& error) {
    throw ReadError(std::string("a staged part: ") + error.what(), /*damaged=*/false);
  }
}

Source::Chunk AssembledSource::ReadPart(std::span<char> buffer) {
  while (true) {
    if (part_) {
      const Chunk chunk = part_->Read(buffer);
      if (chunk.state != State::kEnd) return chunk;
      part_.reset();
    }
    if (next_ == assembly_.parts.size()) return {State::kEnd};
    part_ = assembly_.parts[next_++]->Open(volumes_);
  }
}

}  // namespace mkv::s3
