#include "s3api/signature/post_policy.h"

#include <optional>
#include <utility>

#include "s3api/checksum/digest_text.h"
#include "s3api/signature/hmac.h"

namespace mkv::s3 {
namespace {

std::optional<std::string_view> FieldNamed(std::span<const HeaderField> fields,
                                           std::string_view name) {
  for (const HeaderField& field : fields) {
    if (EqualsIgnoringCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

Refusal MissingField(std::string_view name) {
  return InvalidArgument("Bucket POST must contain a field named '" + std::string(name) +
                             "'.  If "
                             "it is specified, please check the order of the fields.",
                         std::string(name), "");
}

}  // namespace

std::variant<std::string, Refusal> VerifyPostPolicy(std::span<const HeaderField> fields,
                                                    SigV4Verifier& verifier,
                                                    const SecretLookup& secrets) {
  const auto policy = FieldNamed(fields, "policy");
  if (!policy) return MissingField("policy");

  const auto algorithm = FieldNamed(fields, "x-amz-algorithm");
  if (!algorithm) {
    const auto access_key = FieldNamed(fields, "AWSAccessKeyId");
    if (!access_key) return MissingField("AWSAccessKeyId");
    const auto signature = FieldNamed(fields, "signature");
    if (!signature) return MissingField("signature");
    const std::optional<std::string> secret = secrets(*access_key);
    if (!secret) return InvalidAccessKeyId(*access_key);
    if (!ConstantTimeEqual(Base64(HmacSha1(*secret, *policy)), *signature)) {
      return SignatureDoesNotMatch(*access_key, *policy, *signature);
    }
    return std::string(*access_key);
  }

  if (*algorithm != "AWS4-HMAC-SHA256") {
    return InvalidArgument("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"", "x-amz-algorithm",
                           std::string(*algorithm));
  }
  const auto credential = FieldNamed(fields, "x-amz-credential");
  if (!credential) return MissingField("X-Amz-Credential");
  const auto date = FieldNamed(fields, "x-amz-date");
  if (!date) return MissingField("X-Amz-Date");
  const auto signature = FieldNamed(fields, "x-amz-signature");
  if (!signature) return MissingField("X-Amz-Signature");
  std::optional<CredentialScope> scope = ParseCredential(*credential);
  if (!scope) {
    return InvalidArgument(
        "the Credential is mal-formed; expecting "
        "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"",
        "X-Amz-Credential", std::string(*credential));
  }
  const std::optional<Time> time = ParseAmzTime(*date);
  if (!time) {
    return InvalidArgument("X-Amz-Date must be in the ISO8601 Long Format", "X-Amz-Date",
                           std::string(*date));
  }
  const SigV4Claim claim{*std::move(scope),  {},    std::string(*signature),
                         std::string(*date), *time, std::nullopt};
  if (auto refusal = verifier.VerifyPolicy(*policy, claim, secrets)) return *std::move(refusal);
  return claim.scope.access_key;
}

}  // namespace mkv::s3
