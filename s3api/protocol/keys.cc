#include "s3api/protocol/keys.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

constexpr std::size_t kMinBucketBytes = 3;
constexpr std::size_t kMaxBucketBytes = 63;
constexpr std::size_t kMaxReadableBucketBytes = 255;  // S3's own rule before 2018

constexpr std::array<std::string_view, 3> kReservedPrefixes = {"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::array<std::string_view, 5> kReservedSuffixes = {"-s3alias", "--ol-s3", ".mrap",
                                                               "--x-s3", "--table-s3"};

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool LooksLikeIpv4(std::string_view name) {
  int parts = 1;
  int digits = 0;
  for (const char c : name) {
    if (c == '.') {
      if (digits == 0) return false;
      ++parts;
      digits = 0;
    } else if (c >= '0' && c <= '9') {
      ++digits;
    } else {
      return false;
    }
  }
  return parts == 4 && digits > 0;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length of the well-formed sequence at the start of `bytes`; 0 when there is none.
// RFC 3629 section 4.
std::size_t SequenceLength(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(bytes[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(bytes[1]);
  if (first == 0xE0 && second < 0xA0) return 0;  // overlong
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;  // overlong
  if (first == 0xF4 && second > 0x8F) return 0;  // past U+10FFFF
  return length;
}

}  // namespace

std::size_t Utf8PrefixLength(std::string_view bytes) {
  std::size_t position = 0;
  while (position < bytes.size()) {
    // Eight bytes of ASCII at a time: what most keys are made of, and listings check each.
    std::uint64_t word = 0;
    if (position + sizeof(word) <= bytes.size()) {
      std::memcpy(&word, bytes.data() + position, sizeof(word));
      if ((word & 0x8080808080808080U) == 0) {
        position += sizeof(word);
        continue;
      }
    }
    const std::size_t length = SequenceLength(bytes.substr(position));
    if (length == 0) return position;
    position += length;
  }
  return position;
}

bool IsUtf8(std::string_view bytes) { return Utf8PrefixLength(bytes) == bytes.size(); }

bool IsBucketName(std::string_view name) {
  if (name.size() < kMinBucketBytes || name.size() > kMaxBucketBytes) return false;
  if (!IsLowerOrDigit(name.front()) || !IsLowerOrDigit(name.back())) return false;
  if (!std::all_of(name.begin(), name.end(),
                   [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '-'; })) {
    return false;
  }
  if (name.find("..") != std::string_view::npos || LooksLikeIpv4(name)) return false;
  return std::none_of(kReservedPrefixes.begin(), kReservedPrefixes.end(),
                      [&](std::string_view prefix) { return name.starts_with(prefix); }) &&
         std::none_of(kReservedSuffixes.begin(), kReservedSuffixes.end(),
                      [&](std::string_view suffix) { return name.ends_with(suffix); });
}

bool IsReadableBucketName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxReadableBucketBytes && name.front() != '.' &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos &&
         IsUtf8(name);
}

bool IsKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyBytes && key.find('\0') == std::string_view::npos &&
         IsUtf8(key);
}

void CheckKey(std::string_view key) {
  if (key.size() > kMaxKeyBytes) {
    throw S3Error(ErrorCode::kKeyTooLong)
        .With("Size", std::to_string(key.size()))
        .With("MaxSizeAllowed", std::to_string(kMaxKeyBytes));
  }
  if (!IsKey(key)) throw S3Error(ErrorCode::kInvalidUri);
}

void CheckVersionId(std::string_view version_id) {
  constexpr std::size_t kLength = 32;
  if (version_id == "null") return;
  if (version_id.empty()) {
    throw InvalidArgumentError("Version id cannot be the empty string", "versionId", version_id);
  }
  const bool valid =
      version_id.size() == kLength && std::all_of(version_id.begin(), version_id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_';
      });
  if (!valid) throw InvalidArgumentError("Invalid version id specified", "versionId", version_id);
}

std::string StoreKey(std::string_view bucket, std::string_view key) {
  std::string store_key;
  store_key.reserve(bucket.size() + key.size() + 2);
  return store_key.append(1, '/').append(bucket).append(1, '/').append(key);
}

}  // namespace mkv::s3
