#include "s3api/protocol/error.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "s3api/protocol/xml.h"

namespace mkv::s3 {
namespace {

using enum ErrorCode;

// In the order of the enumeration.
constexpr std::array kErrors = std::to_array<ErrorInfo>({
    {kAccessControlListNotSupported, "AccessControlListNotSupported", 400,
     "The bucket does not allow ACLs"},
    {kAccessDenied, "AccessDenied", 403, "Access Denied"},
    {kAuthorizationHeaderMalformed, "AuthorizationHeaderMalformed", 400,
     "The authorization header that you provided is not valid."},
    {kAuthorizationQueryParametersError, "AuthorizationQueryParametersError", 400,
     "The authorization query parameters that you provided are not valid."},
    {kBadDigest, "BadDigest", 400, "The Content-MD5 you specified did not match what we received."},
    {kBadRequest, "BadRequest", 400, "Bad Request"},
    {kBucketAlreadyExists, "BucketAlreadyExists", 409,
     "The requested bucket name is not available. The bucket namespace is shared by all users of "
     "the system. Please select a different name and try again."},
    {kBucketAlreadyOwnedByYou, "BucketAlreadyOwnedByYou", 409,
     "Your previous request to create the named bucket succeeded and you already own it."},
    {kBucketNotEmpty, "BucketNotEmpty", 409, "The bucket you tried to delete is not empty"},
    {kConditionalRequestConflict, "ConditionalRequestConflict", 409,
     "The conditional request cannot succeed due to a conflicting operation against this "
     "resource."},
    // S3's own code for a preflight without a rule for it.
    {kCorsForbidden, "AccessForbidden", 403,
     "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
     "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers "
     "are not whitelisted by the resource's CORS spec."},
    {kEntityTooLarge, "EntityTooLarge", 400,
     "Your proposed upload exceeds the maximum allowed size"},
    {kEntityTooSmall, "EntityTooSmall", 400,
     "Your proposed upload is smaller than the minimum allowed size"},
    {kIllegalLocationConstraint, "IllegalLocationConstraintException", 400,
     "The unspecified location constraint is incompatible for the region specific endpoint this "
     "request was sent to."},
    {kIncompleteBody, "IncompleteBody", 400,
     "You did not provide the number of bytes specified by the Content-Length HTTP header"},
    {kInternalError, "InternalError", 500, "We encountered an internal error. Please try again."},
    {kInvalidAccessKeyId, "InvalidAccessKeyId", 403,
     "The AWS Access Key Id you provided does not exist in our records."},
    {kInvalidArgument, "InvalidArgument", 400, "Invalid Argument"},
    {kInvalidBucketName, "InvalidBucketName", 400, "The specified bucket is not valid."},
    {kInvalidDigest, "InvalidDigest", 400, "The Content-MD5 you specified was invalid."},
    {kInvalidLocationConstraint, "InvalidLocationConstraint", 400,
     "The specified location-constraint is not valid"},
    {kInvalidObjectState, "InvalidObjectState", 403,
     "The operation is not valid for the current state of the object."},
    {kInvalidPart, "InvalidPart", 400,
     "One or more of the specified parts could not be found.  The part may not have been "
     "uploaded, or the specified entity tag may not match the part's entity tag."},
    {kInvalidPartNumber, "InvalidPartNumber", 416, "The requested partnumber is not satisfiable"},
    {kInvalidPartOrder, "InvalidPartOrder", 400,
     "The list of parts was not in ascending order. Parts must be ordered by part number."},
    {kInvalidPolicyDocument, "InvalidPolicyDocument", 400,
     "The content of the form does not meet the conditions specified in the policy document."},
    {kInvalidRange, "InvalidRange", 416, "The requested range is not satisfiable"},
    {kInvalidRedirectLocation, "InvalidRedirectLocation", 400,
     "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."},
    {kInvalidRequest, "InvalidRequest", 400, "Invalid Request"},
    {kInvalidStorageClass, "InvalidStorageClass", 400,
     "The storage class you specified is not valid"},
    {kInvalidTag, "InvalidTag", 400, "The TagValue you have provided is invalid"},
    {kInvalidUri, "InvalidURI", 400, "Couldn't parse the specified URI."},
    {kKeyTooLong, "KeyTooLongError", 400, "Your key is too long"},
    {kMalformedAcl, "MalformedACLError", 400,
     "The XML you provided was not well-formed or did not validate against our published schema"},
    {kMalformedPostRequest, "MalformedPOSTRequest", 400,
     "The body of your POST request is not well-formed multipart/form-data."},
    {kMalformedXml, "MalformedXML", 400,
     "The XML you provided was not well-formed or did not validate against our published schema"},
    {kMaxMessageLengthExceeded, "MaxMessageLengthExceeded", 400, "Your request was too big."},
    {kMaxPostPreDataLengthExceeded, "MaxPostPreDataLengthExceeded", 400,
     "Your POST request fields preceding the upload file were too large."},
    {kMetadataConfigurationNotFound, "MetadataConfigurationNotFound", 404,
     "The metadata configuration was not found"},
    {kMetadataTooLarge, "MetadataTooLarge", 400,
     "Your metadata headers exceed the maximum allowed metadata size"},
    {kMethodNotAllowed, "MethodNotAllowed", 405,
     "The specified method is not allowed against this resource."},
    {kMissingContentLength, "MissingContentLength", 411,
     "You must provide the Content-Length HTTP header."},
    {kMissingRequestBody, "MissingRequestBodyError", 400, "Request Body is empty"},
    {kMissingSecurityHeader, "MissingSecurityHeader", 400,
     "Your request was missing a required header"},
    {kNoSuchBucket, "NoSuchBucket", 404, "The specified bucket does not exist"},
    {kNoSuchBucketPolicy, "NoSuchBucketPolicy", 404, "The bucket policy does not exist"},
    {kNoSuchConfiguration, "NoSuchConfiguration", 404,
     "The specified configuration does not exist."},
    {kNoSuchCorsConfiguration, "NoSuchCORSConfiguration", 404,
     "The CORS configuration does not exist"},
    {kNoSuchKey, "NoSuchKey", 404, "The specified key does not exist."},
    {kNoSuchLifecycleConfiguration, "NoSuchLifecycleConfiguration", 404,
     "The lifecycle configuration does not exist"},
    {kNoSuchObjectLockConfiguration, "NoSuchObjectLockConfiguration", 404,
     "The specified object does not have a ObjectLock configuration"},
    {kNoSuchPublicAccessBlockConfiguration, "NoSuchPublicAccessBlockConfiguration", 404,
     "The public access block configuration was not found"},
    {kNoSuchTagSet, "NoSuchTagSet", 404, "The TagSet does not exist"},
    {kNoSuchUpload, "NoSuchUpload", 404,
     "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
     "been aborted or completed."},
    {kNoSuchVersion, "NoSuchVersion", 404, "The specified version does not exist."},
    {kNoSuchWebsiteConfiguration, "NoSuchWebsiteConfiguration", 404,
     "The specified bucket does not have a website configuration"},
    {kNotImplemented, "NotImplemented", 501,
     "A header you provided implies functionality that is not implemented"},
    {kObjectLockConfigurationNotFound, "ObjectLockConfigurationNotFoundError", 404,
     "Object Lock configuration does not exist for this bucket"},
    {kOperationAborted, "OperationAborted", 409,
     "A conflicting conditional operation is currently in progress against this resource. Please "
     "try again."},
    {kOwnershipControlsNotFound, "OwnershipControlsNotFoundError", 404,
     "The bucket ownership controls were not found"},
    {kPreconditionFailed, "PreconditionFailed", 412,
     "At least one of the pre-conditions you specified did not hold"},
    {kReplicationConfigurationNotFound, "ReplicationConfigurationNotFoundError", 404,
     "The replication configuration was not found"},
    {kRequestHeaderSectionTooLarge, "RequestHeaderSectionTooLarge", 400,
     "Your request header section exceeds the maximum allowed size."},
    {kRequestTimeTooSkewed, "RequestTimeTooSkewed", 403,
     "The difference between the request time and the current time is too large."},
    {kRequestTimeout, "RequestTimeout", 400,
     "Your socket connection to the server was not read from or written to within the timeout "
     "period. Idle connections will be closed."},
    {kServerSideEncryptionConfigurationNotFound, "ServerSideEncryptionConfigurationNotFoundError",
     404, "The server side encryption configuration was not found"},
    {kServiceUnavailable, "ServiceUnavailable", 503, "Please reduce your request rate."},
    {kSignatureDoesNotMatch, "SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your "
     "key and signing method."},
    {kSlowDown, "SlowDown", 503, "Please reduce your request rate."},
    {kTooManyBuckets, "TooManyBuckets", 400,
     "You have attempted to create more buckets than allowed"},
    {kUnexpectedContent, "UnexpectedContent", 400, "This request does not support content"},
    {kUnresolvableGrantByEmailAddress, "UnresolvableGrantByEmailAddress", 400,
     "The e-mail address you provided does not match any account on record."},
    {kXAmzContentSha256Mismatch, "XAmzContentSHA256Mismatch", 400,
     "The provided 'x-amz-content-sha256' header does not match what was computed."},
});

consteval bool ErrorsAreInOrder() {
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (static_cast<std::size_t>(kErrors[i].id) != i) return false;
  }
  return kErrors.size() == static_cast<std::size_t>(kXAmzContentSha256Mismatch) + 1;
}
static_assert(ErrorsAreInOrder());

}  // namespace

const ErrorInfo& InfoOf(ErrorCode code) { return kErrors[static_cast<std::size_t>(code)]; }

S3Error::S3Error(ErrorCode code, std::string_view message)
    : code_(InfoOf(code).code),
      status_(InfoOf(code).status),
      message_(message.empty() ? InfoOf(code).message : message),
      what_(code_ + ": " + message_) {}

S3Error::S3Error(const Refusal& refusal)
    : code_(refusal.code),
      status_(refusal.status),
      message_(refusal.message),
      details_(refusal.details),
      what_(code_ + ": " + message_) {}

S3Error&& S3Error::With(std::string_view element, std::string_view value) && {
  details_.emplace_back(element, value);
  return std::move(*this);
}

S3Error&& S3Error::Header(std::string_view name, std::string_view value) && {
  headers_.emplace_back(name, value);
  return std::move(*this);
}

S3Error InvalidArgumentError(std::string_view message, std::string_view name,
                             std::string_view value) {
  return S3Error(kInvalidArgument, message).With("ArgumentName", name).With("ArgumentValue", value);
}

S3Error NoSuchBucketError(std::string_view bucket) {
  const bool possible = bucket.size() >= 3 && bucket.size() <= 255 &&
                        std::all_of(bucket.begin(), bucket.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                        });
  return S3Error(possible ? kNoSuchBucket : kInvalidBucketName).With("BucketName", bucket);
}

S3Error NoSuchKeyError(std::string_view key) { return S3Error(kNoSuchKey).With("Key", key); }

std::string ErrorDocument(const S3Error& error, const ErrorContext& context) {
  XmlDocument document("Error", XmlDocument::Namespace::kNone);
  XmlNode root = document.root();
  root.Add("Code", error.code());
  root.Add("Message", error.message());
  for (const auto& [name, value] : error.details()) root.Add(name.c_str(), value);
  root.Add("Resource", context.resource);
  root.Add("RequestId", context.request_id);
  root.Add("HostId", context.host_id);
  return document.Text();
}

http::Response ErrorResponse(const S3Error& error, const ErrorContext& context) {
  http::Response response;
  response.status = error.status();
  response.headers = error.headers();
  response.Header("Content-Type", "application/xml");
  response.body = ErrorDocument(error, context);
  return response;
}

}  // namespace mkv::s3
