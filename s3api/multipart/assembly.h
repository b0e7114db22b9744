// From the list of parts that a client wants to the object that they make: the rules that the list
// must keep, and what is known of the object before a byte of it is written.
//
// Source: CompleteMultipartUpload, "Multipart upload limits" and "Checking object integrity",
// Amazon S3 API Reference and User Guide. Pure functions; thread-safe.
#ifndef S3API_MULTIPART_ASSEMBLY_H_
#define S3API_MULTIPART_ASSEMBLY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/volumes/source.h"
#include "mkvcore/volumes/volume_client.h"
#include "s3api/multipart/upload.h"
#include "s3api/protocol/request_body.h"

namespace mkv::s3 {

inline constexpr std::uint64_t kLeastPartBytes = std::uint64_t{5} << 20;  // but for the last part
inline constexpr std::uint64_t kMaxPartBytes = std::uint64_t{5} << 30;
inline constexpr std::uint64_t kMaxObjectBytes = std::uint64_t{5} << 40;

struct Assembly {
  std::vector<std::shared_ptr<const StagedPart>> parts;  // in order
  std::uint64_t size = 0;
  std::string etag;                       // md5 of the parts' md5s, and how many they are
  std::uint32_t crc32c = 0;               // of the whole blob
  std::optional<ChecksumValue> checksum;  // of the object, by the upload's terms
};

// Throws S3Error: InvalidPart, EntityTooSmall, EntityTooLarge.
Assembly Assemble(const UploadTerms& terms, const MultipartUpload::Parts& staged,
                  const std::vector<CompletedPart>& wanted);

// Adds what the assembled object is: the description, ETag, parts, checksum.
void DescribeAssembly(const UploadTerms& terms, const Assembly& assembly,
                      format::ObjectMetadata& metadata);

// A checksum as the wire has it: its type, and base64 with `-N` after it for one of N parts'
// checksums.
std::string_view ChecksumTypeName(bool composite);
std::string ChecksumText(const ChecksumValue& checksum, bool composite, std::uint64_t parts);

// The parts one after another. Ends early, with NoSuchUpload, when the upload is aborted; throws
// ReadError when a volume does not deliver a part.
class AssembledSource : public Source {
 public:
  // All outlive it.
  AssembledSource(const Assembly& assembly, const MultipartUpload& upload, VolumeClient& volumes)
      : assembly_(assembly), upload_(upload), volumes_(volumes) {}

  std::optional<std::uint64_t> size() const override { return assembly_.size; }
  Chunk Read(std::span<char> buffer) override;
  int poll_fd() const override { return part_ ? part_->poll_fd() : -1; }
  short poll_events() const override { return part_ ? part_->poll_events() : short{0}; }

 private:
  Chunk ReadPart(std::span<char> buffer);

  const Assembly& assembly_;
  const MultipartUpload& upload_;
  VolumeClient& volumes_;
  std::size_t next_ = 0;
  std::unique_ptr<Source> part_;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_ASSEMBLY_H_
