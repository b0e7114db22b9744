#include "s3api/signature/refusal.h"

namespace mkv::s3 {

Refusal AccessDenied(std::string message) { return {403, "AccessDenied", std::move(message)}; }

Refusal InvalidRequest(std::string message) { return {400, "InvalidRequest", std::move(message)}; }

Refusal IncompleteBody(std::string message) { return {400, "IncompleteBody", std::move(message)}; }

Refusal InvalidAccessKeyId(std::string_view access_key) {
  return {403,
          "InvalidAccessKeyId",
          "The AWS Access Key Id you provided does not exist in our records.",
          {{"AWSAccessKeyId", std::string(access_key)}}};
}

Refusal SignatureDoesNotMatch(std::string_view access_key, std::string_view string_to_sign,
                              std::string_view signature) {
  return {403,
          "SignatureDoesNotMatch",
          "The request signature we calculated does not match the signature you provided. Check "
          "your key and signing method.",
          {{"AWSAccessKeyId", std::string(access_key)},
           {"StringToSign", std::string(string_to_sign)},
           {"SignatureProvided", std::string(signature)}}};
}

Refusal InvalidArgument(std::string message, std::string name, std::string value) {
  return {400,
          "InvalidArgument",
          std::move(message),
          {{"ArgumentName", std::move(name)}, {"ArgumentValue", std::move(value)}}};
}

}  // namespace mkv::s3
