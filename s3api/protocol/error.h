// What S3 answers when it does not do what was asked: the one table of error codes, the exception
// that carries one to the place where answers are made, and the document that the client gets.
//
// Source: "Error responses", Amazon S3 API Reference; where that is silent, what S3 answers.
// An S3Error is a value; the functions are pure. Thread-safe.
#ifndef S3API_PROTOCOL_ERROR_H_
#define S3API_PROTOCOL_ERROR_H_

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkvcore/http/response.h"
#include "s3api/signature/refusal.h"

namespace mkv::s3 {

enum class ErrorCode {
  kAccessControlListNotSupported,
  kAccessDenied,
  kAuthorizationHeaderMalformed,
  kAuthorizationQueryParametersError,
  kBadDigest,
  kBadRequest,
  kBucketAlreadyExists,
  kBucketAlreadyOwnedByYou,
  kBucketNotEmpty,
  kConditionalRequestConflict,
  kCorsForbidden,
  kEntityTooLarge,
  kEntityTooSmall,
  kIllegalLocationConstraint,
  kIncompleteBody,
  kInternalError,
  kInvalidAccessKeyId,
  kInvalidArgument,
  kInvalidBucketName,
  kInvalidDigest,
  kInvalidLocationConstraint,
  kInvalidObjectState,
  kInvalidPart,
  kInvalidPartNumber,
  kInvalidPartOrder,
  kInvalidPolicyDocument,
  kInvalidRange,
  kInvalidRedirectLocation,
  kInvalidRequest,
  kInvalidStorageClass,
  kInvalidTag,
  kInvalidUri,
  kKeyTooLong,
  kMalformedAcl,
  kMalformedPostRequest,
  kMalformedXml,
  kMaxMessageLengthExceeded,
  kMaxPostPreDataLengthExceeded,
  kMetadataConfigurationNotFound,
  kMetadataTooLarge,
  kMethodNotAllowed,
  kMissingContentLength,
  kMissingRequestBody,
  kMissingSecurityHeader,
  kNoSuchBucket,
  kNoSuchBucketPolicy,
  kNoSuchConfiguration,
  kNoSuchCorsConfiguration,
  kNoSuchKey,
  kNoSuchLifecycleConfiguration,
  kNoSuchObjectLockConfiguration,
  kNoSuchPublicAccessBlockConfiguration,
  kNoSuchTagSet,
  kNoSuchUpload,
  kNoSuchVersion,
  kNoSuchWebsiteConfiguration,
  kNotImplemented,
  kObjectLockConfigurationNotFound,
  kOperationAborted,
  kOwnershipControlsNotFound,
  kPreconditionFailed,
  kReplicationConfigurationNotFound,
  kRequestHeaderSectionTooLarge,
  kRequestTimeTooSkewed,
  kRequestTimeout,
  kServerSideEncryptionConfigurationNotFound,
  kServiceUnavailable,
  kSignatureDoesNotMatch,
  kSlowDown,
  kTooManyBuckets,
  kUnexpectedContent,
  kUnresolvableGrantByEmailAddress,
  kXAmzContentSha256Mismatch,
};

struct ErrorInfo {
  ErrorCode id;
  std::string_view code;     // as clients see it
  int status;                // HTTP
  std::string_view message;  // when there is nothing better to say
};

const ErrorInfo& InfoOf(ErrorCode code);

// Thrown by whatever part of a request can not be served; caught where the answer is made.
class S3Error : public std::exception {
 public:
  // An empty message means the table's own.
  explicit S3Error(ErrorCode code, std::string_view message = {});
  // What the signature library found wrong.
  explicit S3Error(const Refusal& refusal);

  // A further element of the document, after Message: `BucketName`, `Key`, `ArgumentName` ...
  S3Error&& With(std::string_view element, std::string_view value) &&;
  // A header of the answer.
  S3Error&& Header(std::string_view name, std::string_view value) &&;

  const std::string& code() const { return code_; }
  int status() const { return status_; }
  const std::string& message() const { return message_; }
  const std::vector<std::pair<std::string, std::string>>& details() const { return details_; }
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }

  bool Is(ErrorCode code) const { return code_ == InfoOf(code).code; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string code_;
  int status_;
  std::string message_;
  std::vector<std::pair<std::string, std::string>> details_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string what_;
};

// 400, naming the argument as S3 does.
S3Error InvalidArgumentError(std::string_view message, std::string_view name,
                             std::string_view value);
// NoSuchBucket, or InvalidBucketName for what can never have been one: S3's oldest buckets have
// names of up to 255 letters, digits, '.', '-' and '_'.
S3Error NoSuchBucketError(std::string_view bucket);
S3Error NoSuchKeyError(std::string_view key);

// The request that failed, as the document names it.
struct ErrorContext {
  std::string_view resource;    // the path as asked for, decoded
  std::string_view request_id;  // also x-amz-request-id of every answer, which the caller adds
  std::string_view host_id;     // also x-amz-id-2
};

// The document alone, for an error that comes after the 200 was sent (a long copy or Complete).
std::string ErrorDocument(const S3Error& error, const ErrorContext& context);
http::Response ErrorResponse(const S3Error& error, const ErrorContext& context);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_ERROR_H_
