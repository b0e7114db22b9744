#include "mkvcore/volumes/signed_link.h"

#include <Poco/Base64Encoder.h>
#include <openssl/evp.h>

#include <array>
#include <sstream>
#include <stdexcept>

namespace mkv {

namespace {

// What nginx has in $uri: the path with the volume's subfolder, runs of slashes merged.
std::string NormalizedPath(const BlobLocation& blob) {
  const std::size_t folder = blob.volume.find('/');
  const std::string path =
      (folder == std::string::npos ? std::string() : blob.volume.substr(folder)) + blob.path;
  std::string merged;
  for (const char c : path) {
    if (c != '/' || merged.empty() || merged.back() != '/') merged += c;
  }
  return merged;
}

std::string Base64Url(const std::array<unsigned char, 16>& bytes) {
  std::ostringstream text;
  Poco::Base64Encoder encoder(text, Poco::BASE64_URL_ENCODING | Poco::BASE64_NO_PADDING);
  encoder.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  encoder.close();
  return text.str();
}

}  // namespace

std::string LinkSignature(const BlobLocation& blob, std::int64_t expires, std::string_view key) {
  const std::string signed_text =
      std::to_string(expires) + NormalizedPath(blob) + " " + std::string(key);
  std::array<unsigned char, 16> digest{};
  unsigned length = 0;
  if (EVP_Digest(signed_text.data(), signed_text.size(), digest.data(), &length, EVP_md5(),
                 nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no MD5");
  }
  return "?md5=" + Base64Url(digest) + "&expires=" + std::to_string(expires);
}

}  // namespace mkv
