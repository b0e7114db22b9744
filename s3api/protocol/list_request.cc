#include "s3api/protocol/list_request.h"

#include "mkvcore/format/base64.h"
#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kTokenVersion = "1:";

std::string VersionIdMarker(const Query& query) {
  const auto marker = query.Get("version-id-marker");
  if (!marker) return {};
  if (marker->empty()) {
    throw InvalidArgumentError("A version-id marker cannot be empty.", "version-id-marker", "");
  }
  if (query.Text("key-marker").empty()) {
    throw InvalidArgumentError("A version-id marker cannot be specified without a key marker.",
                               "version-id-marker", *marker);
  }
  if (*marker != "null") {
    throw InvalidArgumentError("Invalid version id specified", "version-id-marker", *marker);
  }
  return std::string(*marker);
}

}  // namespace

ListRequest ParseListRequest(const Request& request) {
  const Query& query = request.query;
  ListRequest list;
  list.v2 = request.operation == Operation::kListObjectsV2;
  list.bucket = request.bucket;
  list.prefix = query.Text("prefix");
  list.delimiter = query.Text("delimiter");
  list.max_keys = query.Count("max-keys", kMaxListKeys, kMaxListKeys);
  list.url_encoding = query.UrlEncoding();
  if (request.operation == Operation::kListObjectVersions) {
    list.versions = true;
    list.marker = query.Text("key-marker");
    list.version_id_marker = VersionIdMarker(query);
    // The one version of the marker's key was on the page before, whether it is named or not.
    list.after = list.marker;
    list.fetch_owner = true;
    return list;
  }
  if (!list.v2) {
    list.marker = query.Text("marker");
    list.after = list.marker;
    list.fetch_owner = true;
    return list;
  }
  list.fetch_owner = query.Flag("fetch-owner");
  list.start_after = query.Text("start-after");
  list.after = list.start_after;
  if (const auto token = query.Get("continuation-token")) {
    list.continuation_token = *token;
    list.after = DecodeContinuationToken(*token);
  }
  return list;
}

std::string EncodeContinuationToken(std::string_view name) {
  return Base64Encode(std::string(kTokenVersion).append(name));
}

std::string DecodeContinuationToken(std::string_view token) {
  std::optional<std::string> position = Base64Decode(token);
  if (!position || !position->starts_with(kTokenVersion) ||
      position->size() == kTokenVersion.size()) {
    throw InvalidArgumentError("The continuation token provided is incorrect", "continuation-token",
                               token);
  }
  return position->substr(kTokenVersion.size());
}

}  // namespace mkv::s3
