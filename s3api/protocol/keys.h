// What S3 calls a bucket and a key.
//
// Source: "Bucket naming rules" and "Naming Amazon S3 objects", Amazon S3 User Guide.
// Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_KEYS_H_
#define S3API_PROTOCOL_KEYS_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace mkv::s3 {

inline constexpr std::size_t kMaxKeyBytes = 1024;

// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF.
bool IsUtf8(std::string_view bytes);
// The first byte that is not part of valid UTF-8; the size when all is.
std::size_t Utf8PrefixLength(std::string_view bytes);

// 3 to 63 of a-z, 0-9, '.' and '-'; letter or digit at both ends; no two dots in a row, no IPv4
// address, and none of the prefixes and suffixes that S3 keeps for itself.
bool IsBucketName(std::string_view name);

// A name under which a bucket may exist here without S3 having made it: the original's stores have
// first path segments such as `Team_A`. Anything that can be one path segment, but for names that
// begin with '.'. Buckets are read under such names, never created.
bool IsReadableBucketName(std::string_view name);

// A key that S3 can name: 1 to 1024 bytes of UTF-8 without NUL. Other keys, which the native API
// may have written, are served there alone and are in no S3 listing.
bool IsKey(std::string_view key);

// Throws S3Error: KeyTooLongError, or InvalidURI for what is no UTF-8, as S3 does.
void CheckKey(std::string_view key);

// Throws InvalidArgument for what can not be the id of a version, as S3 does: 32 characters of
// letters, digits, '.' and '_', or `null`.
void CheckVersionId(std::string_view version_id);

// `/bucket/key`: the key in the store.
std::string StoreKey(std::string_view bucket, std::string_view key);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_KEYS_H_
