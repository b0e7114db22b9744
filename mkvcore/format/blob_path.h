// Where the bytes of a key lie on a volume.
//
// The original's rule: `/` + first byte of md5(key) in hex + `/` + second byte + `/` + standard
// base64 of the key with its padding. To it come the names that only this program writes:
//
// * Generations. An overwrite never touches the file of the value it replaces: it lies at
//   `<path>.<generation>`, 16 lower-case hex digits. kPlain is the path of the original.
// * Sidecars. `<path>[.<generation>].meta` holds what a rebuild could not derive from the blob.
// * Base64 may contain `/`, so a key may be a nested folder. In paths that we choose an empty
//   segment (`//`, or a `/` at the end) is written `~`, for nginx merges slashes and answers 409 to
//   a PUT of a name ending in one. `~` is not in the base64 alphabet.
// * A segment that with its suffix would exceed 255 bytes (NAME_MAX) is cut into pieces of 240;
// each
//   but the last is a folder whose name ends in `~`. Where the last piece would still be too long
//   with its suffix, all but its last character is one more such folder.
//
// Pure functions; thread-safe.
#ifndef MKVCORE_FORMAT_BLOB_PATH_H_
#define MKVCORE_FORMAT_BLOB_PATH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mkv {

// Which of the blobs that a key ever had. Later ones are greater.
using Generation = std::uint64_t;
inline constexpr Generation kPlain = 0;

std::string BlobPath(std::string_view key, Generation generation);
std::string SidecarPath(std::string_view key, Generation generation);

// The path exactly as the original spells it, for keys that it wrote: nothing is replaced or cut.
// Differs from BlobPath(key, kPlain) only for keys whose base64 has an empty segment or one longer
// than 255 bytes (which the original can not store).
std::string OriginalBlobPath(std::string_view key);

// `xx` and `yy` of the folder `/xx/yy/` in which every blob lies.
bool IsBlobFolderName(std::string_view name);

struct ParsedBlobPath {
  std::string key;
  Generation generation = kPlain;
  bool sidecar = false;
  // The file lies where only OriginalBlobPath() leads: the original wrote it and nginx merged the
  // `//` of its name.
  bool original_spelling = false;
};

// The key of a file found on a volume, from its path below the volume's (sub)folder, beginning with
// `/`. nullopt for a foreign file: anything that BlobPath, SidecarPath or OriginalBlobPath followed
// by nginx's merging of slashes would not have produced.
std::optional<ParsedBlobPath> ParseBlobPath(std::string_view path);

}  // namespace mkv

#endif  // MKVCORE_FORMAT_BLOB_PATH_H_
