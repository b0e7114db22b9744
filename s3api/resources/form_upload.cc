// PostObject: an upload by a browser's form.
//
// Source: "POST Object" and "Browser-Based Uploads Using POST", Amazon S3 API Reference.
#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <memory>
#include <optional>

#include "mkvcore/store/generation_clock.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/multipart/transfer_slots.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/form_data.h"
#include "s3api/protocol/form_policy.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/object_headers.h"
#include "s3api/protocol/tagging.h"
#include "s3api/resources/access.h"
#include "s3api/resources/answers.h"
#include "s3api/resources/handlers.h"
#include "s3api/resources/object_metadata.h"
#include "s3api/resources/object_state.h"
#include "s3api/signature/payload_source.h"
#include "s3api/signature/post_policy.h"

namespace mkv::s3 {

namespace {

constexpr std::string_view kFileName = "${filename}";

std::string Expanded(std::string text, std::string_view file_name) {
  for (std::size_t at = text.find(kFileName); at != std::string::npos;
       at = text.find(kFileName, at + file_name.size())) {
    text.replace(at, kFileName.size(), file_name);
  }
  return text;
}

// The form with its fields read.
FormData FormOf(Call& call) {
  std::optional<TransferSlots::Slot> slot;
  Source& body = call.transfer.body();
  if (!body.held()) {
    slot = call.service.form_slots.TryTake();
    if (!slot) {
      throw S3Error(ErrorCode::kSlowDown, "Too many forms are on their way. Try again.")
          .Header("Retry-After", "1");
    }
  }
  return {body, FormBoundary(call.head.headers.get("Content-Type", ""))};
}

// By name, `${filename}` expanded; `bucket` is that of the request. A field given twice counts
// once, the first time.
FormFields FieldsOf(const FormData& form, const std::string& bucket) {
  FormFields fields;
  for (const auto& [name, value] : form.fields()) {
    std::string lower = LowerCase(name);
    const bool is_signed_as_sent = lower == "policy" || lower.ends_with("signature");
    fields.try_emplace(std::move(lower),
                       is_signed_as_sent ? value : Expanded(value, form.file_name()));
  }
  fields["bucket"] = bucket;
  return fields;
}

std::string Field(const FormFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

// The fields that would be headers in a PUT.
http::RequestHead AsHead(const FormFields& fields) {
  constexpr std::array<std::string_view, 7> kHeaders = {
      "cache-control",    "content-type",     "content-disposition",
      "content-encoding", "content-language", "content-md5",
      "expires"};
  http::RequestHead head;
  head.method = "PUT";
  for (const auto& [name, value] : fields) {
    if (name.starts_with("x-amz-") ||
        std::find(kHeaders.begin(), kHeaders.end(), name) != kHeaders.end()) {
      head.headers.add(name, value);
    } else if (name == "acl") {
      head.headers.add("x-amz-acl", value);
    }
  }
  return head;
}

// Who signed the form: nullptr for nobody. `credentials` keeps him alive.
const Principal* SignerOf(Call& call, const FormData& form, const FormFields& fields,
                          const Credentials& credentials) {
  if (call.principal != nullptr) return call.principal;  // an open server
  const bool is_signed = fields.contains("policy") || fields.contains("signature") ||
                         fields.contains("x-amz-signature") || fields.contains("awsaccesskeyid") ||
                         fields.contains("x-amz-credential");
  if (!is_signed) return nullptr;
  std::vector<HeaderField> views;
  for (const auto& [name, value] : form.fields()) views.push_back({name, value});
  const auto secrets = [&credentials](std::string_view key) -> std::optional<std::string> {
    const Principal* principal = credentials.Find(key);
    return principal != nullptr ? std::optional(principal->secret_key) : std::nullopt;
  };
  auto verified = VerifyPostPolicy(views, call.service.authenticator.sigv4(), secrets);
  if (const Refusal* refusal = std::get_if<Refusal>(&verified)) throw S3Error(*refusal);
  return credentials.Find(std::get<std::string>(verified));
}

void Authorize(const Call& call) {
  const std::optional<std::string_view> owner = call.bucket ? OwnerOf(*call.bucket) : std::nullopt;
  if (call.principal != nullptr &&
      Allows(*call.principal, call.request.bucket, Action::kWrite, owner)) {
    return;
  }
  if (!call.bucket || !AclAllows(*call.bucket, call.principal, Operation::kPostObject)) {
    throw S3Error(ErrorCode::kAccessDenied);
  }
}

// Where the form sends the browser: to an absolute URL of the web. S3 takes anything else, such as
// `/path` or `javascript:`, as not given.
std::optional<Poco::URI> RedirectOf(const FormFields& fields) {
  std::string redirect = Field(fields, "success_action_redirect");
  if (redirect.empty()) redirect = Field(fields, "redirect");
  try {
    Poco::URI uri(redirect);
    const bool is_of_web = uri.getScheme() == "http" || uri.getScheme() == "https";
    if (is_of_web && !uri.getHost().empty()) return uri;
  } catch (const Poco::Exception&) {
    // No URL at all.
  }
  return std::nullopt;
}

// What the browser gets when all went well.
http::Response Answer(const Call& call, const FormFields& fields, const std::string& key,
                      const std::string& etag) {
  http::Response response;
  response.Header("ETag", etag);
  if (std::optional<Poco::URI> uri = RedirectOf(fields)) {
    uri->addQueryParameter("bucket", call.request.bucket);
    uri->addQueryParameter("key", key);
    uri->addQueryParameter("etag", etag);
    response.status = 303;
    response.Header("Location", uri->toString());
    return response;
  }
  const std::string path = call.request.virtual_host ? "/" : "/" + call.request.bucket + "/";
  const std::string location = UrlOf(call.head, path + key);
  response.Header("Location", location);
  const std::string status = Field(fields, "success_action_status");
  if (status == "201") {
    XmlDocument document("PostResponse", XmlDocument::Namespace::kNone);
    document.root().Add("Location", location);
    document.root().Add("Bucket", call.request.bucket);
    document.root().Add("Key", key);
    document.root().Add("ETag", etag);
    response.status = 201;
    response.Header("Content-Type", "application/xml");
    response.body = document.Text();
  } else {
    response.status = status == "200" ? 200 : 204;
  }
  return response;
}

}  // namespace

void PostObject(Call& call) {
  // It is read field by field, and stored before its end: nobody would hold it against that hash.
  if (call.payload.kind != PayloadHash::Kind::kUnsigned) {
    throw S3Error(ErrorCode::kInvalidRequest,
                  "A form is signed by its policy: send it without x-amz-content-sha256.");
  }
  FormData form = FormOf(call);
  const FormFields fields = FieldsOf(form, call.request.bucket);
  if (!fields.contains("key")) {
    throw InvalidArgumentError(
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order "
        "of the fields.",
        "key", "");
  }
  const std::string key = Field(fields, "key");
  if (key.empty()) {
    throw InvalidArgumentError("User key must have a length greater than 0.", "key", "");
  }
  CheckKey(key);
  const std::shared_ptr<const Credentials> credentials = call.service.credentials.Get();
  call.principal = SignerOf(call, form, fields, *credentials);
  Authorize(call);
  if (!call.bucket && !call.service.options.implicit_buckets) {
    throw NoSuchBucketError(call.request.bucket);
  }
  ContentLengthRange range;
  if (fields.contains("policy")) {
    range = CheckFormPolicy(Field(fields, "policy"), fields, WallClockMicros());
  }
  form.Limit(range.least, std::min(range.most, kMaxPutBytes));

  const http::RequestHead head = AsHead(fields);
  RefuseUnsupportedHeaders(head);
  format::ObjectMetadata described = DescribedByHeaders(head, call.User());
  if (fields.contains("tagging")) {
    StoreTags(ParseTagging(Field(fields, "tagging"), kMaxObjectTags), described);
  }
  auto planned = PlanPayload(ViewOf(head), {}, std::nullopt);
  if (const Refusal* refusal = std::get_if<Refusal>(&planned)) throw S3Error(*refusal);
  PayloadSource source(form, std::get<PayloadPlan>(std::move(planned)));

  Store::ReplaceRequest request;
  request.condition = WriteCondition(call, {}, key);
  request.describe = [&](format::ObjectMetadata& metadata) {
    metadata.MergeFrom(described);
    if (source.checksum()) AddChecksum(*source.checksum(), metadata);
  };
  request.sidecar = SidecarOf;
  const Store::PutResult result =
      call.service.store.Replace(StoreKey(call.request.bucket, key), source, request);
  ThrowUnlessDone(result.outcome, call);

  http::Response response = Answer(call, fields, key, QuoteETag(ETagOf(*result.object)));
  if (source.checksum()) {
    response.Header(HeaderName(source.checksum()->algorithm), Base64(source.checksum()->value));
  }
  Reply(call, std::move(response));
}

}  // namespace mkv::s3
