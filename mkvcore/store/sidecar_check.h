// Whether a sidecar on a volume says what the index says.
//
// Pure; thread-safe.
#ifndef MKVCORE_STORE_SIDECAR_CHECK_H_
#define MKVCORE_STORE_SIDECAR_CHECK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "index_entries.pb.h"

namespace mkv {

// Of two sidecars of one blob the one with the greater revision is the later.
std::uint64_t SidecarRevision(const format::ObjectMetadata& metadata);

// The sidecar that belongs beside a blob with that metadata.
std::string SidecarFor(const format::ObjectMetadata& metadata);

// `json` is a sidecar and speaks of the same value with the same words. What is not part of a
// sidecar (the record) and what it says by being there (that it exists) do not count.
bool SidecarAgrees(std::string_view json, const format::ObjectMetadata& metadata);

}  // namespace mkv

#endif  // MKVCORE_STORE_SIDECAR_CHECK_H_
