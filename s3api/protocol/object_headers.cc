#include "s3api/protocol/object_headers.h"

#include <algorithm>
#include <array>
#include <map>

#include "s3api/protocol/error.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/time_text.h"
#include "s3api/signature/payload_plan.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kMetaPrefix = "x-amz-meta-";
constexpr std::string_view kRedirectLocation = "x-amz-website-redirect-location";
constexpr char kStorageClass[] = "x-amz-storage-class";
constexpr std::string_view kContentType = "content-type";
constexpr std::string_view kContentEncoding = "content-encoding";

struct ContentHeader {
  std::string_view name;  // as kept
  std::string_view sent_as;
};
constexpr std::array<ContentHeader, 6> kContentHeaders = {
    {{kContentType, "Content-Type"},
     {"cache-control", "Cache-Control"},
     {"content-disposition", "Content-Disposition"},
     {kContentEncoding, "Content-Encoding"},
     {"content-language", "Content-Language"},
     {"expires", "Expires"}}};

constexpr std::array<std::string_view, 12> kStorageClasses = {
    "STANDARD",        "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
    "GLACIER",         "DEEP_ARCHIVE",       "OUTPOSTS",    "GLACIER_IR", "SNOW",
    "EXPRESS_ONEZONE", "FSX_OPENZFS"};

void Keep(std::string_view name, std::string_view value, format::ObjectMetadata& metadata) {
  format::Header* header = metadata.add_headers();
  header->set_name(std::string(name));
  header->set_value(std::string(value));
}

void StoreContentHeaders(const http::RequestHead& head, format::ObjectMetadata& metadata) {
  for (const ContentHeader& header : kContentHeaders) {
    const std::string name(header.name);
    if (!head.headers.has(name)) continue;
    std::string value(Trim(head.headers.get(name)));
    if (header.name == kContentEncoding) value = ContentEncodingOfObject(value);
    if (value.empty() || (header.name == kContentType && value == kDefaultContentType)) continue;
    Keep(header.name, value, metadata);
  }
}

void StoreUserMetadata(const http::RequestHead& head, format::ObjectMetadata& metadata) {
  std::map<std::string, std::string> fields;  // repeated ones joined, as S3 does
  for (const auto& [name, value] : head.headers) {
    if (!StartsWithIgnoringCase(name, kMetaPrefix) || name.size() == kMetaPrefix.size()) continue;
    const auto [field, added] = fields.try_emplace(LowerCase(name), Trim(value));
    if (!added) field->second.append(1, ',').append(Trim(value));
  }
  std::size_t size = 0;
  for (const auto& [name, value] : fields) size += name.size() - kMetaPrefix.size() + value.size();
  if (size > kMaxUserMetadata) {
    throw S3Error(ErrorCode::kMetadataTooLarge)
        .With("Size", std::to_string(size))
        .With("MaxSizeAllowed", std::to_string(kMaxUserMetadata));
  }
  for (const auto& [name, value] : fields) Keep(name, value, metadata);
}

void StoreRedirectLocation(const http::RequestHead& head, format::ObjectMetadata& metadata) {
  const std::string name(kRedirectLocation);
  if (!head.headers.has(name)) return;
  const std::string location(Trim(head.headers.get(name)));
  if (!location.starts_with('/') && !location.starts_with("http://") &&
      !location.starts_with("https://")) {
    throw S3Error(ErrorCode::kInvalidRedirectLocation);
  }
  if (location.size() > kMaxRedirectLocation) {
    throw S3Error(ErrorCode::kInvalidRedirectLocation,
                  "The length of website redirect location cannot exceed " +
                      std::to_string(kMaxRedirectLocation) + " characters.");
  }
  Keep(kRedirectLocation, location, metadata);
}

void CheckStorageClass(const http::RequestHead& head) {
  if (!head.headers.has(kStorageClass)) return;
  const std::string_view name = Trim(head.headers.get(kStorageClass));
  if (std::find(kStorageClasses.begin(), kStorageClasses.end(), name) == kStorageClasses.end()) {
    throw S3Error(ErrorCode::kInvalidStorageClass).With("StorageClassRequested", name);
  }
}

std::string_view SentAs(std::string_view name) {
  const auto header =
      std::find_if(kContentHeaders.begin(), kContentHeaders.end(),
                   [name](const ContentHeader& content) { return content.name == name; });
  return header == kContentHeaders.end() ? name : header->sent_as;
}

}  // namespace

void StoreObjectHeaders(const http::RequestHead& head, format::ObjectMetadata& metadata) {
  CheckStorageClass(head);
  metadata.clear_headers();
  StoreContentHeaders(head, metadata);
  StoreUserMetadata(head, metadata);
  StoreRedirectLocation(head, metadata);
}

void RefuseUnsupportedHeaders(const http::RequestHead& head) {
  constexpr std::array<std::string_view, 4> kPrefixes = {
      "x-amz-server-side-encryption", "x-amz-copy-source-server-side-encryption",
      "x-amz-object-lock-", "x-amz-write-offset-bytes"};
  for (const auto& [name, value] : head.headers) {
    for (const std::string_view prefix : kPrefixes) {
      if (StartsWithIgnoringCase(name, prefix)) {
        throw S3Error(ErrorCode::kNotImplemented).With("Header", name);
      }
    }
  }
}

void RefuseKeysOfCustomers(const http::RequestHead& head) {
  for (const auto& [name, value] : head.headers) {
    if (StartsWithIgnoringCase(name, "x-amz-server-side-encryption-customer-")) {
      throw S3Error(ErrorCode::kInvalidRequest,
                    "The encryption parameters are not applicable to this object.");
    }
  }
}

void CopyObjectHeaders(const format::ObjectMetadata& source, const format::ObjectMetadata& request,
                       format::ObjectMetadata& copy) {
  copy.clear_headers();
  for (const format::Header& header : source.headers()) {
    if (header.name() != kRedirectLocation) *copy.add_headers() = header;
  }
  for (const format::Header& header : request.headers()) {
    if (header.name() == kRedirectLocation) *copy.add_headers() = header;
  }
}

bool ChangesStorage(const http::RequestHead& head) {
  return head.headers.has(kStorageClass) || head.headers.has(std::string(kRedirectLocation));
}

bool IsReplaceDirective(const http::RequestHead& head, const std::string& name) {
  const std::string directive = head.headers.get(name, "COPY");
  if (directive == "REPLACE") return true;
  if (directive == "COPY") return false;
  throw InvalidArgumentError("Unknown directive.", name, directive);
}

std::vector<std::pair<std::string, std::string>> ResponseOverrides(const Query& query,
                                                                   bool is_signed) {
  static constexpr std::string_view kPrefix = "response-";
  std::vector<std::pair<std::string, std::string>> overrides;
  // Most requests have none.
  if (std::none_of(query.parameters().begin(), query.parameters().end(),
                   [](const QueryParameter& one) { return one.name.starts_with(kPrefix); })) {
    return overrides;
  }
  for (const ContentHeader& header : kContentHeaders) {
    const std::string_view value = query.Text(std::string(kPrefix).append(header.name));
    if (value.empty()) continue;
    if (!is_signed) {
      throw S3Error(ErrorCode::kInvalidRequest,
                    "Request specific response headers cannot be used for anonymous GET requests.");
    }
    overrides.emplace_back(header.sent_as, value);
  }
  return overrides;
}

void AddObjectHeaders(const format::ObjectMetadata& metadata, std::string_view etag,
                      const std::vector<std::pair<std::string, std::string>>& overrides,
                      http::Response& response) {
  const auto overridden = [&overrides](std::string_view sent_as) {
    return std::any_of(overrides.begin(), overrides.end(),
                       [sent_as](const auto& override) { return override.first == sent_as; });
  };
  response.Header("ETag", QuoteETag(etag));
  response.Header("Last-Modified", FormatHttpDate(metadata.mtime_us()));
  response.Header("Accept-Ranges", "bytes");
  bool has_type = false;
  for (const format::Header& header : metadata.headers()) {
    const std::string_view sent_as = SentAs(header.name());
    has_type |= header.name() == kContentType;
    if (!overridden(sent_as)) response.Header(sent_as, header.value());
  }
  if (!has_type && !overridden("Content-Type")) {
    response.Header("Content-Type", kDefaultContentType);
  }
  for (const auto& [name, value] : overrides) response.Header(name, value);
}

}  // namespace mkv::s3
