// What clients and tools look at before they work: settings that no bucket or object here has. They
// get what S3 answers where nothing was set. To set any of them is NotImplemented.
//
// Source: the Get, List and Delete operations named in the table, Amazon S3 API Reference, with the
// codes that S3 gives.
#include <algorithm>
#include <array>
#include <variant>

#include "s3api/protocol/error.h"
#include "s3api/protocol/xml.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_state.h"

namespace mkv::s3 {

namespace {

using enum Operation;

// An error, or a document: its root and at most one element in it.
struct Document {
  const char* root;
  const char* element = nullptr;
  const char* text = nullptr;
};
struct Probe {
  Operation operation;
  std::variant<ErrorCode, Document> answer;
};

const std::array<Probe, 26> kProbes = {{
    {kGetBucketAbac, Document{"AbacStatus", "Status", "Disabled"}},
    {kGetBucketAccelerateConfiguration, Document{"AccelerateConfiguration"}},
    {kGetBucketAnalyticsConfiguration, ErrorCode::kNoSuchConfiguration},
    {kGetBucketEncryption, ErrorCode::kServerSideEncryptionConfigurationNotFound},
    {kGetBucketIntelligentTieringConfiguration, ErrorCode::kNoSuchConfiguration},
    {kGetBucketInventoryConfiguration, ErrorCode::kNoSuchConfiguration},
    {kGetBucketLifecycleConfiguration, ErrorCode::kNoSuchLifecycleConfiguration},
    {kGetBucketLogging, Document{"BucketLoggingStatus"}},
    {kGetBucketMetadataConfiguration, ErrorCode::kMetadataConfigurationNotFound},
    {kGetBucketMetadataTableConfiguration, ErrorCode::kMetadataConfigurationNotFound},
    {kGetBucketMetricsConfiguration, ErrorCode::kNoSuchConfiguration},
    {kGetBucketNotificationConfiguration, Document{"NotificationConfiguration"}},
    {kGetBucketOwnershipControls, ErrorCode::kOwnershipControlsNotFound},
    {kGetBucketPolicy, ErrorCode::kNoSuchBucketPolicy},
    {kGetBucketPolicyStatus, ErrorCode::kNoSuchBucketPolicy},
    {kGetBucketReplication, ErrorCode::kReplicationConfigurationNotFound},
    {kGetBucketRequestPayment, Document{"RequestPaymentConfiguration", "Payer", "BucketOwner"}},
    {kGetBucketWebsite, ErrorCode::kNoSuchWebsiteConfiguration},
    {kGetObjectLegalHold, ErrorCode::kInvalidRequest},
    {kGetObjectLockConfiguration, ErrorCode::kObjectLockConfigurationNotFound},
    {kGetObjectRetention, ErrorCode::kInvalidRequest},
    {kGetPublicAccessBlock, ErrorCode::kNoSuchPublicAccessBlockConfiguration},
    {kListBucketAnalyticsConfigurations,
     Document{"ListBucketAnalyticsConfigurationResult", "IsTruncated", "false"}},
    {kListBucketIntelligentTieringConfigurations,
     Document{"ListBucketIntelligentTieringConfigurationsOutput", "IsTruncated", "false"}},
    {kListBucketInventoryConfigurations,
     Document{"ListInventoryConfigurationsResult", "IsTruncated", "false"}},
    {kListBucketMetricsConfigurations,
     Document{"ListMetricsConfigurationsResult", "IsTruncated", "false"}},
}};

constexpr std::array kDeletions = {kDeleteBucketEncryption,        kDeleteBucketLifecycle,
                                   kDeleteBucketOwnershipControls, kDeleteBucketPolicy,
                                   kDeleteBucketReplication,       kDeleteBucketWebsite,
                                   kDeletePublicAccessBlock};

const Probe* Find(Operation operation) {
  const auto found = std::find_if(kProbes.begin(), kProbes.end(), [operation](const Probe& probe) {
    return probe.operation == operation;
  });
  return found == kProbes.end() ? nullptr : &*found;
}

void AnswerProbe(Call& call) {
  const Probe* probe = Find(call.request.operation);
  if (probe == nullptr) throw S3Error(ErrorCode::kNotImplemented);
  if (const Document* answer = std::get_if<Document>(&probe->answer)) {
    XmlDocument document(answer->root);
    if (answer->element != nullptr) document.root().Add(answer->element, answer->text);
    return ReplyXml(call, document);
  }
  const ErrorCode code = std::get<ErrorCode>(probe->answer);
  if (InfoOf(probe->operation).level == Level::kObject) {
    RequireObject(call.service.store, call.StoreKey(), call.request.key);
    throw S3Error(code, "Bucket is missing Object Lock Configuration");
  }
  throw S3Error(code).With("BucketName", call.request.bucket);
}

void DeleteNothing(Call& call) {
  http::Response response;
  response.status = 204;
  Reply(call, std::move(response));
}

}  // namespace

Handler ProbeOf(Operation operation) {
  if (Find(operation) != nullptr) return AnswerProbe;
  const bool deletes =
      std::find(kDeletions.begin(), kDeletions.end(), operation) != kDeletions.end();
  return deletes ? DeleteNothing : nullptr;
}

}  // namespace mkv::s3
