#include "mkvcore/store/object.h"

#include "mkvcore/index/index.h"

namespace mkv {

namespace {

bool Belongs(const format::ObjectMetadata& metadata, std::string_view record_bytes,
             const Record& record) {
  if (metadata.record() == record_bytes) return true;
  Record linked = record;
  linked.unlinked = false;
  return record.unlinked && metadata.record() == linked.Encode();
}

}  // namespace

std::optional<Object> Object::Decode(std::string_view key,
                                     const std::optional<std::string>& record_bytes,
                                     const std::optional<std::string>& metadata_bytes) {
  if (!record_bytes) return std::nullopt;
  std::optional<Record> record = Record::Decode(*record_bytes);
  if (!record) {
    throw IndexError("the index record of \"" + std::string(key) +
                     "\" can not be understood: run `mkv rebuild`");
  }
  Object object;
  object.key = key;
  object.record = *std::move(record);
  if (metadata_bytes) {
    format::ObjectMetadata metadata;
    if (metadata.ParseFromString(*metadata_bytes) &&
        Belongs(metadata, *record_bytes, object.record)) {
      object.metadata = std::move(metadata);
    }
  }
  return object;
}

std::optional<Object> Object::DecodeLeftover(std::string_view key,
                                             const std::optional<std::string>& record_bytes,
                                             const std::optional<std::string>& metadata_bytes) {
  format::ObjectMetadata metadata;
  if (!metadata_bytes || !metadata.ParseFromString(*metadata_bytes)) return std::nullopt;
  if (metadata.generation() == kPlain && (record_bytes || !metadata.sidecar())) return std::nullopt;
  const std::optional<Record> present = record_bytes ? Record::Decode(*record_bytes) : std::nullopt;
  if (present && Belongs(metadata, *record_bytes, *present)) return std::nullopt;
  std::optional<Record> record = Record::Decode(metadata.record());
  if (!record) return std::nullopt;
  Object leftover;
  leftover.key = key;
  leftover.record = *std::move(record);
  leftover.metadata = std::move(metadata);
  return leftover;
}

bool Object::IsSameValue(const Object& other) const {
  if (generation() != other.generation() || record.hash != other.record.hash ||
      metadata.has_value() != other.metadata.has_value()) {
    return false;
  }
  return !metadata || (metadata->size() == other.metadata->size() &&
                       metadata->crc32c() == other.metadata->crc32c());
}

bool Object::RefersTo(Generation blob, bool in_original_spelling, std::string_view volume) const {
  if (generation() != blob) return false;
  if (original_spelling() != in_original_spelling &&
      OriginalBlobPath(key) != BlobPath(key, kPlain)) {
    return false;
  }
  return Contains(record.volumes, volume);
}

std::string Object::Path() const {
  return original_spelling() ? OriginalBlobPath(key) : BlobPath(key, generation());
}

std::vector<BlobLocation> Object::Replicas() const {
  std::vector<BlobLocation> replicas;
  replicas.reserve(record.volumes.size());
  const std::string path = Path();
  for (const std::string& volume : record.volumes) replicas.push_back({volume, path});
  return replicas;
}

}  // namespace mkv
