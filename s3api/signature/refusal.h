// Why a signature or a payload is refused, in the terms of the S3 error document.
//
// Codes, statuses and messages are those of AWS: "Error responses" in the Amazon S3 API Reference,
// and what S3 answers where that is silent.
#ifndef S3API_SIGNATURE_REFUSAL_H_
#define S3API_SIGNATURE_REFUSAL_H_

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mkv::s3 {

struct Refusal {
  int status;
  std::string code;
  std::string message;
  // Further elements of the error document (`StringToSign`, `ServerTime` ...), in order.
  std::vector<std::pair<std::string, std::string>> details = {};
};

Refusal AccessDenied(std::string message);                // 403
Refusal InvalidRequest(std::string message);              // 400
Refusal IncompleteBody(std::string message);              // 400
Refusal InvalidAccessKeyId(std::string_view access_key);  // 403
Refusal SignatureDoesNotMatch(std::string_view access_key, std::string_view string_to_sign,
                              std::string_view signature);                          // 403
Refusal InvalidArgument(std::string message, std::string name, std::string value);  // 400

// The payload is not what the client declared or signed. Thrown while it is read, before its end.
class PayloadError : public std::runtime_error {
 public:
  explicit PayloadError(Refusal refusal)
      : std::runtime_error(refusal.code + ": " + refusal.message), refusal_(std::move(refusal)) {}

  const Refusal& refusal() const { return refusal_; }

 private:
  Refusal refusal_;
};

}  // namespace mkv::s3

#endif  // S3API_SIGNATURE_REFUSAL_H_
