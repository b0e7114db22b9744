#include "s3api/protocol/list_objects.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "index_entries.pb.h"
#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/record.h"
#include "s3api/protocol/keys.h"
#include "s3api/protocol/metadata_reader.h"

namespace mkv::s3 {
namespace {

// The first string that is greater than all that begin with `prefix`, which has a byte below 0xFF.
std::string SuccessorOfPrefix(std::string_view prefix) {
  prefix = prefix.substr(0, prefix.find_last_not_of('\xFF') + 1);
  std::string successor(prefix);
  successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
  return successor;
}

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
  // At the end: Index::Iterator::Check().
  void Check() const { records_->Check(); }

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

}  // namespace

ListPage ListObjects(const Index& index, const ListRequest& request, const TryRun& try_run) {
  ListPage page;
  if (request.max_keys <= 0) return page;
  NameWalk walk(index, StoreKey(request.bucket, ""), request.prefix, request.delimiter,
                request.after);
  const auto max_keys = static_cast<std::size_t>(request.max_keys);
  page.contents.reserve(max_keys);  // so that no entry moves
  MetadataReader metadata(index, max_keys, request.fetch_owner, try_run);
  for (; walk.Valid(); walk.Next()) {
    if (page.size() == max_keys) {
      page.truncated = true;
      break;
    }
    if (walk.is_common_prefix()) {
      page.common_prefixes.emplace_back(walk.name());
      continue;
    }
    const std::string_view store_key = page.texts.Keep(walk.store_key());
    ListEntry& entry = page.contents.emplace_back();
    entry.key = store_key.substr(store_key.size() - walk.name().size());
    metadata.Add(store_key, page.texts.Keep(walk.record()), entry);
  }
  walk.Check();
  page.metadata_texts = metadata.Finish();
  if (page.size() == 0) return page;
  if (page.contents.empty()) {
    page.last = page.common_prefixes.back();
  } else if (page.common_prefixes.empty()) {
    page.last = page.contents.back().key;
  } else {
    page.last = std::max<std::string_view>(page.common_prefixes.back(), page.contents.back().key);
  }
  return page;
}

}  // namespace mkv::s3
