// How the index's one ordered key space is divided.
//
// Records lie under the object's key itself, which begins with `/`, as the original has it. What is
// ours lies under keys that do not, so that the original never takes it for a record of a client's.
#ifndef MKVCORE_FORMAT_INDEX_KEYS_H_
#define MKVCORE_FORMAT_INDEX_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mkv {

inline constexpr std::string_view kMetadataPrefix = "meta";
inline constexpr std::string_view kPendingPrefix = "pending";
inline constexpr std::string_view kGarbagePrefix = "garbage";

inline std::string MetadataKey(std::string_view key) {
  return std::string(kMetadataPrefix).append(key);
}
inline std::string PendingKey(std::string_view key) {
  return std::string(kPendingPrefix).append(key);
}

// A batch of a key's garbage: `garbage/KEY.BATCH`, the number of the batch as 16 hex digits.
std::string GarbageKey(std::string_view key, std::uint64_t batch);
struct GarbageKeyParts {
  std::string_view key;
  std::uint64_t batch = 0;
};
// Of a key of the index that begins with kGarbagePrefix; nullopt: it is no such key.
std::optional<GarbageKeyParts> ParseGarbageKey(std::string_view index_key);

// Keys that belong to the gateway itself: listed to and reachable by no client.
inline constexpr std::string_view kReservedPrefix = "/.mkv/";
// Of blobs that wait to become part of a value (store/staged_blob.h). They have an intent and never
// a record; only a rebuild that had no index to read can give them one.
inline constexpr std::string_view kStagedPrefix = "/.mkv/part/";
inline bool IsReservedKey(std::string_view key) { return key.starts_with(kReservedPrefix); }

}  // namespace mkv

#endif  // MKVCORE_FORMAT_INDEX_KEYS_H_
