#include "s3api/protocol/list_document.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"

namespace mkv::s3 {
namespace {

// Names of a listing, encoded if the client asked for that.
class NameWriter {
 public:
  explicit NameWriter(bool url_encoding) : url_encoding_(url_encoding) {}

  void Add(XmlNode& node, const char* element, std::string_view name) const {
    if (url_encoding_) {
      node.AddUtf8(element, ListingUrlEncode(name));
    } else {
      node.Add(element, name);
    }
  }
  void AppendKey(std::string_view key, std::string& markup) const {
    if (url_encoding_) {
      AppendElement("Key", ListingUrlEncode(key), markup);
    } else {
      AppendElement("Key", key, markup);
    }
  }

 private:
  const bool url_encoding_;
};

std::string OwnerMarkup(const Owner& owner) {
  std::string markup = "<Owner>";
  AppendElement("ID", ReplaceInvalidUtf8(owner.id), markup);
  AppendElement("DisplayName", ReplaceInvalidUtf8(owner.display_name), markup);
  return markup += "</Owner>";
}

// The Contents elements of a page as markup.
std::string ContentsMarkup(const ListRequest& request, const ListPage& page, const Owner& owner,
                           const NameWriter& names) {
  constexpr std::size_t kBytesOfEntry = 300;
  const std::string element = request.versions ? "Version" : "Contents";
  const std::string begin = "<" + element + ">";
  std::string owner_markup;  // the same for most entries
  if (request.fetch_owner) owner_markup = OwnerMarkup(owner);
  std::string tail;  // the same for all
  AppendElement("StorageClass", "STANDARD", tail);
  tail.append("</").append(element).append(1, '>');

  std::string markup;
  markup.reserve(page.contents.size() * (kBytesOfEntry + owner_markup.size() + tail.size()));
  std::string etag;
  for (const ListEntry& entry : page.contents) {
    markup += begin;
    names.AppendKey(entry.key, markup);
    if (request.versions) markup += "<VersionId>null</VersionId><IsLatest>true</IsLatest>";
    const IsoTimeText time = WriteIsoTime(entry.mtime_us);
    AppendElement("LastModified", {time.data(), time.size()}, markup);
    etag.assign(1, '"').append(entry.etag).append(1, '"');
    AppendElement("ETag", etag, markup);
    if (!entry.checksum_algorithm.empty()) {
      AppendElement("ChecksumAlgorithm", entry.checksum_algorithm, markup);
      AppendElement("ChecksumType", entry.composite_checksum ? "COMPOSITE" : "FULL_OBJECT", markup);
    }
    AppendElement("Size", std::to_string(entry.size), markup);
    if (entry.owner.empty() || entry.owner == owner.id) {
      markup += owner_markup;
    } else {
      markup += OwnerMarkup({std::string(entry.owner), std::string(entry.owner)});
    }
    markup += tail;
  }
  return markup;
}

void AddPosition(XmlNode& root, const ListRequest& request, const ListPage& page,
                 const NameWriter& names) {
  if (request.versions) {
    names.Add(root, "KeyMarker", request.marker);
    root.AddUtf8("VersionIdMarker", request.version_id_marker);
    if (!page.truncated) return;
    names.Add(root, "NextKeyMarker", page.last);
    // A common prefix has no versions.
    if (!page.contents.empty() && page.contents.back().key == page.last) {
      root.AddUtf8("NextVersionIdMarker", "null");
    }
    return;
  }
  if (!request.v2) {
    names.Add(root, "Marker", request.marker);
    // Without a delimiter the last key serves.
    if (page.truncated && !request.delimiter.empty()) names.Add(root, "NextMarker", page.last);
    return;
  }
  if (request.continuation_token) {
    root.Add("ContinuationToken", *request.continuation_token);
  } else if (!request.start_after.empty()) {
    names.Add(root, "StartAfter", request.start_after);
  }
  if (page.truncated) root.AddUtf8("NextContinuationToken", EncodeContinuationToken(page.last));
  root.AddNumber("KeyCount", page.size());
}

bool IsKeptInListings(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '*' || c == '/';
}

}  // namespace

std::string ListObjectsDocument(const ListRequest& request, const ListPage& page,
                                const Owner& owner) {
  constexpr std::size_t kBytesOfHead = 4096;
  const NameWriter names(request.url_encoding);
  XmlDocument document(request.versions ? "ListVersionsResult" : "ListBucketResult");
  XmlNode root = document.root();
  root.Add("Name", request.bucket);
  names.Add(root, "Prefix", request.prefix);
  AddPosition(root, request, page, names);
  root.AddNumber("MaxKeys", static_cast<std::uint64_t>(request.max_keys));
  if (!request.delimiter.empty()) names.Add(root, "Delimiter", request.delimiter);
  if (request.url_encoding) root.AddUtf8("EncodingType", "url");
  root.AddBool("IsTruncated", page.truncated);
  const std::string contents = ContentsMarkup(request, page, owner, names);
  root.AddMarkup(contents);
  for (const std::string& prefix : page.common_prefixes) {
    XmlNode element = root.AddElement("CommonPrefixes");
    names.Add(element, "Prefix", prefix);
  }
  return document.Text(contents.size() + kBytesOfHead);
}

std::string ListingUrlEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (std::all_of(text.begin(), text.end(), IsKeptInListings)) return std::string(text);
  std::string encoded;
  encoded.reserve(text.size() * 3 / 2);
  for (const char c : text) {
    if (IsKeptInListings(c)) {
      encoded += c;
    } else if (c == ' ') {
      encoded += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

}  // namespace mkv::s3
