// What the index says of one key: its record and, where it is the gateway that wrote it, its
// metadata.
#ifndef MKVCORE_STORE_OBJECT_H_
#define MKVCORE_STORE_OBJECT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index_entries.pb.h"
#include "mkvcore/format/blob_path.h"
#include "mkvcore/format/record.h"
#include "mkvcore/volumes/volume_client.h"

namespace mkv {

// The bytes of the index that an object is made of.
struct ObjectEntries {
  std::optional<std::string> record;
  std::optional<std::string> metadata;

  bool operator==(const ObjectEntries&) const = default;
};

struct Object {
  std::string key;
  Record record;
  // Absent when the original wrote the key (or wrote it since).
  std::optional<format::ObjectMetadata> metadata;
  // What Store::Learn() found out of a key without metadata.
  std::optional<format::ObjectMetadata> learned;

  bool knows_metadata() const { return metadata || learned; }
  // Either of them. Throws std::bad_optional_access when nothing is known.
  const format::ObjectMetadata& known() const { return metadata ? *metadata : learned.value(); }

  // Takes the bytes of the index apart. nullopt when there is no record. Metadata that repeats
  // another record than this one is ignored: the original wrote since. (`DELETED` before the same
  // record is its UNLINK alone, and the metadata tells of the value still.) Throws IndexError when
  // the record can not be understood.
  static std::optional<Object> Decode(std::string_view key,
                                      const std::optional<std::string>& record_bytes,
                                      const std::optional<std::string>& metadata_bytes);

  // The value that metadata without its record tells of: the original has deleted it since, or put
  // another in its place. It knows the plain path only, so files that lie elsewhere are left on the
  // volumes: the blob at a generation; or, beside no value, a sidecar alone, which is all there is
  // where the generation is kPlain. nullopt when nothing is left.
  static std::optional<Object> DecodeLeftover(std::string_view key,
                                              const std::optional<std::string>& record_bytes,
                                              const std::optional<std::string>& metadata_bytes);

  Generation generation() const { return metadata ? metadata->generation() : kPlain; }
  // Without metadata the blob lies where the original put it.
  bool original_spelling() const { return !metadata.has_value(); }
  bool has_sidecar() const { return metadata && metadata->sidecar(); }
  // Whether this blob of the key is the value, and the record names the volume: the file is part of
  // it, whatever a pending entry says.
  bool RefersTo(Generation blob, bool in_original_spelling, std::string_view volume) const;

  // Whether both tell of the same bytes at the same path; which volumes hold them may differ.
  bool IsSameValue(const Object& other) const;

  std::string Path() const;
  // The blob on every volume of the record, in the record's order.
  std::vector<BlobLocation> Replicas() const;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_OBJECT_H_
