#include "mkvcore/store/object.h"

#include "mkvcore/index/index.h"

namespace mkv {

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
    if (metadata.ParseFromString(*metadata_bytes) && metadata.record() == *record_bytes) {
      object.metadata = std::move(metadata);
    }
  }
  return object;
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
