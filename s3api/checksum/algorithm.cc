#include "s3api/checksum/algorithm.h"

#include <strings.h>

namespace mkv::s3 {
namespace {

struct Names {
  std::string_view name;
  std::string_view xml_element;
  std::string_view header;
  std::size_t value_size;
  bool crc;
};

// In the order of the enumeration.
constexpr std::array<Names, 5> kNames = {{
    {"CRC32", "ChecksumCRC32", "x-amz-checksum-crc32", 4, true},
    {"CRC32C", "ChecksumCRC32C", "x-amz-checksum-crc32c", 4, true},
    {"CRC64NVME", "ChecksumCRC64NVME", "x-amz-checksum-crc64nvme", 8, true},
    {"SHA1", "ChecksumSHA1", "x-amz-checksum-sha1", 20, false},
    {"SHA256", "ChecksumSHA256", "x-amz-checksum-sha256", 32, false},
}};

const Names& NamesOf(ChecksumAlgorithm algorithm) {
  return kNames.at(static_cast<std::size_t>(algorithm));
}

std::optional<ChecksumAlgorithm> Find(std::string_view text, std::string_view Names::*field) {
  for (const ChecksumAlgorithm algorithm : kChecksumAlgorithms) {
    const std::string_view candidate = NamesOf(algorithm).*field;
    if (candidate.size() == text.size() &&
        strncasecmp(candidate.data(), text.data(), text.size()) == 0) {
      return algorithm;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view Name(ChecksumAlgorithm algorithm) { return NamesOf(algorithm).name; }
std::string_view XmlElement(ChecksumAlgorithm algorithm) { return NamesOf(algorithm).xml_element; }
std::string_view HeaderName(ChecksumAlgorithm algorithm) { return NamesOf(algorithm).header; }
std::size_t ValueSize(ChecksumAlgorithm algorithm) { return NamesOf(algorithm).value_size; }
bool IsCrc(ChecksumAlgorithm algorithm) { return NamesOf(algorithm).crc; }

std::optional<ChecksumAlgorithm> AlgorithmNamed(std::string_view name) {
  return Find(name, &Names::name);
}

std::optional<ChecksumAlgorithm> AlgorithmOfElement(std::string_view xml_element) {
  return Find(xml_element, &Names::xml_element);
}

std::optional<ChecksumAlgorithm> AlgorithmOfHeader(std::string_view header) {
  return Find(header, &Names::header);
}

}  // namespace mkv::s3
