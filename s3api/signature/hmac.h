// Keyed hashes of the signatures, and their comparison. Pure functions; thread-safe.
#ifndef S3API_SIGNATURE_HMAC_H_
#define S3API_SIGNATURE_HMAC_H_

#include <string>
#include <string_view>

namespace mkv::s3 {

// Raw values.
std::string HmacSha256(std::string_view key, std::string_view message);
std::string HmacSha1(std::string_view key, std::string_view message);

// In a time that depends on the length alone, so that a signature can not be guessed byte by byte.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_HMAC_H_
