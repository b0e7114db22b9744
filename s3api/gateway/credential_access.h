// The native API under the same access keys as S3: HTTP Basic, the access key as user, the secret
// as password (RFC 7617).
//
// A key of the store that lies in a bucket (`/bucket/...`) follows the rights on that bucket; one
// outside any needs unrestricted rights. Bucket owners are known to S3 alone and are not asked: who
// owns a bucket but has no pattern for it reaches it through S3.
//
// Basic sends the secret as it is: from other machines it is taken over TLS only, unless the
// administrator has allowed it in the clear.
//
// Thread-safe.
#ifndef S3API_GATEWAY_CREDENTIAL_ACCESS_H_
#define S3API_GATEWAY_CREDENTIAL_ACCESS_H_

#include <memory>

#include "mkvcore/native/native_access.h"
#include "s3api/protocol/credentials.h"

namespace mkv::s3 {

class CredentialAccess : public NativeAccess {
 public:
  // `credentials` outlives it. Empty ones: as OpenAccess.
  explicit CredentialAccess(const CurrentCredentials& credentials, bool allow_plain = false)
      : credentials_(credentials), allow_plain_(allow_plain) {}

  Identity Identify(const http::RequestHead& head) override;

 private:
  const CurrentCredentials& credentials_;
  const bool allow_plain_;
  OpenAccess open_;
};

}  // namespace mkv::s3

#endif  // S3API_GATEWAY_CREDENTIAL_ACCESS_H_
