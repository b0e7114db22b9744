#include "s3api/protocol/list_objects.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "index_entries.pb.h"
#include "mkvcore/format/base64.h"
#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/record.h"
#include "s3api/protocol/error.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/time_text.h"
#include "s3api/protocol/xml.h"

namespace mkv::s3 {
namespace {

constexpr std::string_view kTokenVersion = "1:";

// The first string that is greater than all that begin with `prefix`, which has a byte below 0xFF.
std::string SuccessorOfPrefix(std::string_view prefix) {
  prefix = prefix.substr(0, prefix.find_last_not_of('\xFF') + 1);
  std::string successor(prefix);
  successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
  return successor;
}

// The metadata of keys that are asked for in ascending order.
class MetadataCursor {
 public:
  explicit MetadataCursor(const Index& index) : iterator_(index.NewIterator()) {}

  std::optional<std::string_view> At(std::string_view store_key) {
    wanted_.assign(kMetadataPrefix).append(store_key);
    if (positioned_ && Behind()) iterator_->Next();
    if (!positioned_ || Behind()) iterator_->Seek(wanted_);
    positioned_ = true;
    if (!iterator_->Valid() || iterator_->key() != wanted_) return std::nullopt;
    return iterator_->value();
  }

 private:
  bool Behind() const { return iterator_->Valid() && iterator_->key() < wanted_; }

  std::unique_ptr<Index::Iterator> iterator_;
  std::string wanted_;
  bool positioned_ = false;
};

// Walks the names under one folder of the index: keys, and common prefixes as a whole.
class NameWalk {
 public:
  // `base`: what every key of the folder begins with, and names are written without. The views must
  // outlive the walk.
  NameWalk(const Index& index, std::string base, std::string_view prefix,
           std::string_view delimiter, std::string_view after)
      : records_(index.NewIterator()),
        base_(std::move(base)),
        bound_(base_ + std::string(prefix)),
        delimiter_(delimiter) {
    records_->Seek(Start(prefix, after));
    Settle();
  }

  bool Valid() const { return valid_; }
  // Of a common prefix: up to and with the delimiter. Valid until Next().
  std::string_view name() const { return name_; }
  bool is_common_prefix() const { return is_common_prefix_; }
  std::string_view store_key() const { return records_->key(); }
  std::string_view record() const { return records_->value(); }

  void Next() {
    if (is_common_prefix_) {
      records_->Seek(SuccessorOfPrefix(base_ + std::string(name_)));
    } else {
      records_->Next();
    }
    Settle();
  }

 private:
  std::string Start(std::string_view prefix, std::string_view after) const {
    if (after.empty() || after < prefix) return bound_;
    if (const auto common = CommonPrefixOf(after); common && after.starts_with(prefix)) {
      return SuccessorOfPrefix(base_ + std::string(*common));
    }
    return std::string(base_).append(after).append(1, '\0');
  }

  std::optional<std::string_view> CommonPrefixOf(std::string_view name) const {
    if (delimiter_.empty()) return std::nullopt;
    const std::size_t found = name.find(delimiter_, bound_.size() - base_.size());
    if (found == std::string_view::npos) return std::nullopt;
    return name.substr(0, found + delimiter_.size());
  }

  // To the first listed key from here on.
  void Settle() {
    for (; records_->Valid(); records_->Next()) {
      const std::string_view key = records_->key();
      if (!key.starts_with(bound_)) break;
      if (!IsListed(key)) continue;
      name_ = key.substr(base_.size());
      const std::optional<std::string_view> common = CommonPrefixOf(name_);
      is_common_prefix_ = common.has_value();
      if (common) name_ = *common;
      valid_ = true;
      return;
    }
    valid_ = false;
  }

  bool IsListed(std::string_view key) const {
    if (records_->value().starts_with(kUnlinkedMark) || IsReservedKey(key)) return false;
    const std::size_t slash = key.find('/', 1);  // between bucket and key
    return slash != std::string_view::npos && IsKey(key.substr(slash + 1));
  }

  static constexpr std::string_view kUnlinkedMark = "DELETED";

  std::unique_ptr<Index::Iterator> records_;
  const std::string base_;
  const std::string bound_;  // base and prefix
  const std::string_view delimiter_;
  bool valid_ = false;
  bool is_common_prefix_ = false;
  std::string_view name_;
};

class EntryReader {
 public:
  EntryReader(const Index& index, bool with_owner) : cursor_(index), with_owner_(with_owner) {}

  void Read(const NameWalk& walk, ListEntry& entry) {
    entry.key = walk.name();
    const auto bytes = cursor_.At(walk.store_key());
    // Metadata that repeats another record is out of date: the original wrote since.
    if (bytes && metadata_.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) &&
        metadata_.record() == walk.record()) {
      entry.size = metadata_.size();
      entry.mtime_us = metadata_.mtime_us();
      AssignETag(metadata_, HashOf(walk.record()), entry.etag);
      if (metadata_.checksums_size() > 0) {
        entry.checksum_algorithm = metadata_.checksums(0).algorithm();
        entry.composite_checksum = metadata_.composite_checksum();
      }
      if (with_owner_) entry.owner = metadata_.owner();
      return;
    }
    entry.needs_head = true;
    entry.etag = HashOf(walk.record());
  }

 private:
  // The HASH of a record that is not unlinked.
  static std::string_view HashOf(std::string_view record) {
    constexpr std::string_view kMark = "HASH";
    constexpr std::size_t kDigits = 32;
    if (!record.starts_with(kMark)) return {};
    return record.substr(kMark.size(), kDigits);
  }

  MetadataCursor cursor_;
  const bool with_owner_;
  format::ObjectMetadata metadata_;  // its memory is used again for every entry
};

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
      markup += OwnerMarkup({entry.owner, entry.owner});
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

bool IsKeptInListings(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '*' || c == '/';
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

ListPage ListObjects(const Index& index, const ListRequest& request) {
  ListPage page;
  if (request.max_keys <= 0) return page;
  NameWalk walk(index, StoreKey(request.bucket, ""), request.prefix, request.delimiter,
                request.after);
  EntryReader entries(index, request.fetch_owner);
  // Mostly it is full, and moving entries again and again costs more than the room.
  if (request.delimiter.empty()) {
    page.contents.reserve(static_cast<std::size_t>(request.max_keys));
  }
  for (; walk.Valid(); walk.Next()) {
    if (page.size() == static_cast<std::size_t>(request.max_keys)) {
      page.truncated = true;
      break;
    }
    if (walk.is_common_prefix()) {
      page.common_prefixes.emplace_back(walk.name());
    } else {
      entries.Read(walk, page.contents.emplace_back());
    }
  }
  if (page.size() == 0) return page;
  if (page.contents.empty()) {
    page.last = page.common_prefixes.back();
  } else if (page.common_prefixes.empty()) {
    page.last = page.contents.back().key;
  } else {
    page.last = std::max(page.common_prefixes.back(), page.contents.back().key);
  }
  return page;
}

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
