// Who sent a request: every way of signing that S3 clients use, told apart and verified.
//
// Thread-safe. Does no I/O; the credentials come from a lookup.
#ifndef S3API_SIGNATURE_AUTHENTICATOR_H_
#define S3API_SIGNATURE_AUTHENTICATOR_H_

#include <optional>
#include <string>
#include <variant>

#include "s3api/signature/amz_time.h"
#include "s3api/signature/chunk_signer.h"
#include "s3api/signature/payload_hash.h"
#include "s3api/signature/refusal.h"
#include "s3api/signature/request_view.h"
#include "s3api/signature/sigv4.h"

namespace mkv::s3 {

// What the signature of a request proved. The payload has yet to keep to `payload`
// (payload_plan.h).
struct Signer {
  std::string access_key;
  PayloadHash payload;
  std::optional<ChunkSigner> chunk_signer;
};

// No credentials in the request at all.
struct Anonymous {};

class Authenticator {
 public:
  explicit Authenticator(SigV4Verifier::Options options) : sigv4_(std::move(options)) {}

  // More than one way of signing at once is refused (InvalidArgument), as is a SigV2 Authorization
  // header (InvalidRequest) and a session token (InvalidToken): all keys are permanent. `query` is
  // DecodeQuery(request.query).
  std::variant<Anonymous, Signer, Refusal> Authenticate(const RequestView& request,
                                                        std::span<const QueryParameter> query,
                                                        const SecretLookup& secrets, Time now);

  // For VerifyPostPolicy().
  SigV4Verifier& sigv4() { return sigv4_; }

 private:
  std::variant<Anonymous, Signer, Refusal> Identify(const RequestView& request,
                                                    std::span<const QueryParameter> query,
                                                    const SecretLookup& secrets, Time now);

  SigV4Verifier sigv4_;
};

// What an unverified request says of its payload: for a server without credentials, where any
// signature is accepted, and for anonymous requests.
std::variant<PayloadHash, Refusal> DeclaredPayload(const RequestView& request);

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_AUTHENTICATOR_H_
