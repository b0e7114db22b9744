// How digests are written: hex and base64 (RFC 4648). Pure functions; thread-safe.
#ifndef S3API_CHECKSUM_DIGEST_TEXT_H_
#define S3API_CHECKSUM_DIGEST_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace mkv::s3 {

// Lower case.
std::string Hex(std::string_view bytes);

// The standard alphabet, padded.
std::string Base64(std::string_view bytes);

// nullopt for anything that Base64() would not have written: another alphabet, missing padding,
// white space, unused bits that are set.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace mkv::s3

#endif  // S3API_CHECKSUM_DIGEST_TEXT_H_
