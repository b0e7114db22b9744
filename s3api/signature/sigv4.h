// AWS Signature Version 4, in the Authorization header and in the query (presigned URLs).
//
// Source: "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference; the codes
// and messages of refusals as S3 answers them.
#ifndef S3API_SIGNATURE_SIGV4_H_
#define S3API_SIGNATURE_SIGV4_H_

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "s3api/signature/amz_time.h"
#include "s3api/signature/canonical.h"
#include "s3api/signature/chunk_signer.h"
#include "s3api/signature/payload_hash.h"
#include "s3api/signature/refusal.h"
#include "s3api/signature/request_view.h"
#include "s3api/signature/signing_keys.h"

namespace mkv::s3 {

// The secret key of an access key; nullopt when there is no such key. Called on the thread that
// verifies.
using SecretLookup = std::function<std::optional<std::string>(std::string_view access_key)>;

// `AKID/20130524/us-east-1/s3/aws4_request`. An access key may contain '/'.
struct CredentialScope {
  std::string access_key;
  std::string date;  // YYYYMMDD
  std::string region;
  std::string service;
  std::string terminal;

  // Without the access key, as it is signed.
  std::string Text() const;
};
std::optional<CredentialScope> ParseCredential(std::string_view text);

// What a request says of its own signature.
struct SigV4Claim {
  CredentialScope scope;
  std::vector<std::string> signed_headers;  // lower case
  std::string signature;                    // as sent
  std::string timestamp;                    // `20130524T000000Z`
  Time time;
  // How long it holds from `time` on: presigned URLs only.
  std::optional<std::chrono::seconds> expires;

  bool presigned() const { return expires.has_value(); }
};

// Refuses what is missing or malformed: AuthorizationHeaderMalformed,
// AuthorizationQueryParametersError, AccessDenied (no valid date).
std::variant<SigV4Claim, Refusal> ParseSigV4Header(const RequestView& request);
std::variant<SigV4Claim, Refusal> ParseSigV4Query(std::span<const QueryParameter> query);

struct SigV4Verified {
  std::string access_key;
  PayloadHash payload;
  // Set when the payload's chunks are signed.
  std::optional<ChunkSigner> chunk_signer;
};

// Thread-safe.
class SigV4Verifier {
 public:
  struct Options {
    std::string region = {};  // empty: any
    std::chrono::seconds max_skew = std::chrono::minutes(15);
    std::size_t signing_keys = 1024;  // kept derived
  };

  explicit SigV4Verifier(Options options);

  // `query` is DecodeQuery(request.query). What the payload must be is in the result: nothing of it
  // has been checked yet.
  std::variant<SigV4Verified, Refusal> VerifyHeader(const RequestView& request,
                                                    std::span<const QueryParameter> query,
                                                    const SecretLookup& secrets, Time now);
  std::variant<SigV4Verified, Refusal> VerifyPresigned(const RequestView& request,
                                                       std::span<const QueryParameter> query,
                                                       const SecretLookup& secrets, Time now);

  // The V4 signature over the base64 text of a POST form's policy document.
  std::optional<Refusal> VerifyPolicy(std::string_view policy, const SigV4Claim& claim,
                                      const SecretLookup& secrets);

 private:
  std::optional<Refusal> CheckScope(const SigV4Claim& claim) const;
  std::optional<Refusal> CheckTime(const SigV4Claim& claim, Time now) const;
  // `string_to_sign` against the claim's signature. On success the signing key, else a refusal.
  std::variant<std::string, Refusal> CheckSignature(const SigV4Claim& claim,
                                                    std::string_view secret,
                                                    std::string_view string_to_sign);
  std::variant<SigV4Verified, Refusal> Verify(const RequestView& request,
                                              std::span<const QueryParameter> query,
                                              const SigV4Claim& claim,
                                              std::string_view signed_payload_hash,
                                              PayloadHash payload, const SecretLookup& secrets,
                                              Time now);

  const Options options_;
  SigningKeys signing_keys_;
};

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_SIGV4_H_
