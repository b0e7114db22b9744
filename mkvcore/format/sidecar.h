// The content of a sidecar (`.meta`) file: JSON, the protocol buffers mapping of format::Sidecar.
//
// Pure functions; thread-safe.
#ifndef MKVCORE_FORMAT_SIDECAR_H_
#define MKVCORE_FORMAT_SIDECAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "index_entries.pb.h"

namespace mkv {

// More than what metadata can hold; a longer file is damage, or not ours.
inline constexpr std::size_t kMaxSidecarBytes = 1 << 20;

std::string EncodeSidecar(const format::ObjectMetadata& metadata, std::uint64_t revision);

// Fields that a newer program added are passed over. nullopt when it is no sidecar.
std::optional<format::Sidecar> DecodeSidecar(std::string_view json);

}  // namespace mkv

#endif  // MKVCORE_FORMAT_SIDECAR_H_
