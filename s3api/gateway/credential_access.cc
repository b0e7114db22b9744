#include "s3api/gateway/credential_access.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPBasicCredentials.h>
#include <openssl/crypto.h>

#include <string>
#include <utility>

#include "s3api/signature/request_view.h"

namespace mkv::s3 {

namespace {

// The bucket that a native key lies in; empty for none.
std::string_view BucketOf(std::string_view key) {
  const std::size_t slash = key.find('/', 1);
  return slash == std::string_view::npos ? std::string_view() : key.substr(1, slash - 1);
}

class KeyHolder : public NativeCaller {
 public:
  KeyHolder(std::shared_ptr<const Credentials> credentials, const Principal& principal)
      : credentials_(std::move(credentials)), principal_(principal) {}

  bool MayRead(std::string_view key) const override { return May(key, Action::kRead); }
  bool MayWrite(std::string_view key) const override { return May(key, Action::kWrite); }
  bool IsAdmin() const override { return principal_.access == Access::kAdmin; }

 private:
  bool May(std::string_view key, Action action) const {
    const std::string_view bucket = BucketOf(key);
    if (bucket.empty() && !principal_.unrestricted()) return false;
    return Allows(principal_, bucket, action, std::nullopt);
  }

  const std::shared_ptr<const Credentials> credentials_;  // which principal_ is part of
  const Principal& principal_;
};

// Constant-time in the content; the length of a secret is no secret.
bool SameSecret(const std::string& given, const std::string& wanted) {
  return given.size() == wanted.size() &&
         CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace

NativeAccess::Identity CredentialAccess::Identify(const http::RequestHead& head) {
  std::shared_ptr<const Credentials> credentials = credentials_.Get();
  if (credentials->empty()) return open_.Identify(head);
  // Not even asked for, or a browser would send it.
  if (!head.over_tls && !head.peer_is_loopback && !allow_plain_) {
    return {nullptr,
            "the native API takes access keys over TLS only, for they would be sent in the clear: "
            "see -cert and -allow-plain-basic"};
  }
  const std::string authorization = head.headers.get("Authorization", "");
  static constexpr std::string_view kScheme = "Basic ";
  if (!StartsWithIgnoringCase(authorization, kScheme)) return {};
  std::string access_key;
  std::string secret_key;
  try {
    const Poco::Net::HTTPBasicCredentials given(authorization.substr(kScheme.size()));
    access_key = given.getUsername();
    secret_key = given.getPassword();
  } catch (const Poco::Exception&) {
    return {};
  }
  const Principal* principal = credentials->Find(access_key);
  if (principal == nullptr || !SameSecret(secret_key, principal->secret_key)) {
    return {};
  }
  return {std::make_shared<KeyHolder>(std::move(credentials), *principal)};
}

}  // namespace mkv::s3
