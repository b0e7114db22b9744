// The checksum algorithms of S3 and what they are called on the wire.
//
// Source: "Checking object integrity in Amazon S3", Amazon S3 User Guide. Pure functions.
#ifndef S3API_CHECKSUM_ALGORITHM_H_
#define S3API_CHECKSUM_ALGORITHM_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace mkv::s3 {

enum class ChecksumAlgorithm { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };

inline constexpr std::array kChecksumAlgorithms = {
    ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c, ChecksumAlgorithm::kCrc64Nvme,
    ChecksumAlgorithm::kSha1, ChecksumAlgorithm::kSha256};

// `CRC32C`: the value of x-amz-checksum-algorithm and of ChecksumAlgorithm elements.
std::string_view Name(ChecksumAlgorithm algorithm);
// `ChecksumCRC32C`: the element that holds a value in XML.
std::string_view XmlElement(ChecksumAlgorithm algorithm);
// `x-amz-checksum-crc32c`: the header or trailer that holds a value.
std::string_view HeaderName(ChecksumAlgorithm algorithm);
// Bytes of a value before base64.
std::size_t ValueSize(ChecksumAlgorithm algorithm);
// Whether the checksum of a whole follows from those of its parts and their lengths.
bool IsCrc(ChecksumAlgorithm algorithm);

// All compare without regard to case; nullopt for a name that is none of the five.
std::optional<ChecksumAlgorithm> AlgorithmNamed(std::string_view name);
std::optional<ChecksumAlgorithm> AlgorithmOfElement(std::string_view xml_element);
std::optional<ChecksumAlgorithm> AlgorithmOfHeader(std::string_view header);

}  // namespace mkv::s3

#endif  // S3API_CHECKSUM_ALGORITHM_H_
