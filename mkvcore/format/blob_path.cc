#include "mkvcore/format/blob_path.h"

#include <algorithm>
#include <charconv>

#include "mkvcore/format/base64.h"
#include "mkvcore/format/md5.h"

namespace mkv {
namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kPieceLength = 240;
constexpr std::size_t kGenerationDigits = 16;
constexpr std::string_view kSidecarSuffix = ".meta";
constexpr std::string_view kHexDigits = "0123456789abcdef";

// `/xx/yy/`
constexpr std::size_t kFolderLength = 7;

void AppendFolder(std::string_view key, std::string* path) {
  const Md5Digest digest = Md5(key);
  for (int i = 0; i < 2; ++i) {
    path->push_back('/');
    path->push_back(kHexDigits[digest[i] >> 4]);
    path->push_back(kHexDigits[digest[i] & 15]);
  }
  path->push_back('/');
}

std::string Suffix(Generation generation, bool sidecar) {
  std::string suffix;
  if (generation != kPlain) {
    suffix.push_back('.');
    for (int shift = 60; shift >= 0; shift -= 4) {
      suffix.push_back(kHexDigits[(generation >> shift) & 15]);
    }
  }
  if (sidecar) suffix.append(kSidecarSuffix);
  return suffix;
}

// The last piece is never empty, and it fits with its suffix.
void AppendSegment(std::string_view segment, std::string_view suffix, std::string* path) {
  if (segment.empty()) {
    path->push_back('~');
  } else if (segment.size() + suffix.size() > kNameMax) {
    while (segment.size() > kPieceLength || segment.size() + suffix.size() > kNameMax) {
      const std::size_t length = std::min(kPieceLength, segment.size() - 1);
      path->append(segment.substr(0, length)).append("~/");
      segment.remove_prefix(length);
    }
    path->append(segment);
  } else {
    path->append(segment);
  }
  path->append(suffix);
}

std::string Path(std::string_view key, Generation generation, bool sidecar) {
  const std::string encoded = Base64Encode(key);
  const std::string suffix = Suffix(generation, sidecar);
  std::string path;
  path.reserve(kFolderLength + encoded.size() + suffix.size() + 16);
  AppendFolder(key, &path);
  std::string_view rest = encoded;
  for (std::size_t slash = 0; (slash = rest.find('/')) != std::string_view::npos;) {
    AppendSegment(rest.substr(0, slash), "", &path);
    path.push_back('/');
    rest.remove_prefix(slash + 1);
  }
  AppendSegment(rest, suffix, &path);
  return path;
}

bool HasFolder(std::string_view path) {
  const auto hex = [&](std::size_t i) {
    return kHexDigits.find(path[i]) != std::string_view::npos;
  };
  return path.size() > kFolderLength && path[0] == '/' && hex(1) && hex(2) && path[3] == '/' &&
         hex(4) && hex(5) && path[6] == '/';
}

// Takes `.<generation>` and `.meta` off the end of `name`.
bool TakeSuffix(std::string_view* name, ParsedBlobPath* parsed) {
  const std::size_t dot = name->find('.');
  if (dot == std::string_view::npos) return true;
  std::string_view suffix = name->substr(dot);
  name->remove_suffix(suffix.size());
  if (suffix.ends_with(kSidecarSuffix)) {
    parsed->sidecar = true;
    suffix.remove_suffix(kSidecarSuffix.size());
  }
  if (suffix.empty()) return true;
  if (suffix.size() != 1 + kGenerationDigits || suffix[0] != '.') return false;
  const auto [end, error] =
      std::from_chars(suffix.data() + 1, suffix.data() + suffix.size(), parsed->generation, 16);
  return error == std::errc() && end == suffix.data() + suffix.size() &&
         parsed->generation != kPlain;
}

// Puts cut segments together again and empties those that stand for nothing.
std::string JoinSegments(std::string_view names) {
  std::string encoded;
  encoded.reserve(names.size());
  while (true) {
    const std::size_t slash = names.find('/');
    const std::string_view name = names.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    const bool cut = !last && name.size() > 1 && name.back() == '~';
    if (cut) {
      encoded.append(name.substr(0, name.size() - 1));
    } else if (name != "~") {
      encoded.append(name);
    }
    if (last) return encoded;
    if (!cut) encoded.push_back('/');
    names.remove_prefix(slash + 1);
  }
}

// Finds the key whose path became `path` when nginx merged runs of slashes into one each.
//
// Only keys with a byte 0xff are concerned, for `//` is twelve set bits: never UTF-8. The slashes
// lost are put back in every possible way, fewest first, until a key belongs into the folder that
// the file lies in. One wrong guess in 65,536 does too, so guesses are limited. A client's key
// begins with `/`, its base64 therefore with `L`, so nothing was lost before the first character;
// nor after the last, for nginx accepts no file whose name ends in `/`.
class SlashRestorer {
 public:
  explicit SlashRestorer(std::string_view path)
      : folder_(path.substr(0, kFolderLength)), merged_(path.substr(kFolderLength)) {}

  std::optional<std::string> Restore() {
    if (!merged_.starts_with('L') || merged_.find('/') == std::string_view::npos) {
      return std::nullopt;
    }
    constexpr std::size_t kMostLost = 2048;
    const std::size_t fewest = merged_.size() % 4 == 0 ? 4 : 4 - merged_.size() % 4;
    for (std::size_t lost = fewest; lost <= kMostLost && !done_; lost += 4) Guess("", 0, lost);
    return std::move(found_);
  }

 private:
  static constexpr int kMostGuesses = 8192;

  // Puts `lost` slashes beside those of merged_ from `position` on; `restored` is what comes
  // before.
  void Guess(const std::string& restored, std::size_t position, std::size_t lost) {
    const std::size_t slash = merged_.find('/', position);
    if (slash == std::string_view::npos) {
      if (lost == 0) Try(std::string(restored).append(merged_.substr(position)));
      return;
    }
    std::string next = restored;
    next.append(merged_.substr(position, slash + 1 - position));
    if (merged_.find('/', slash + 1) == std::string_view::npos) {
      // The last one takes what is left.
      next.append(lost, '/');
      Guess(next, slash + 1, 0);
      return;
    }
    for (std::size_t here = 0; here <= lost && !done_; ++here) {
      Guess(next, slash + 1, lost - here);
      next.push_back('/');
    }
  }

  void Try(const std::string& encoded) {
    done_ = ++guesses_ == kMostGuesses;
    std::optional<std::string> key = Base64Decode(encoded);
    if (!key) return;
    std::string folder;
    AppendFolder(*key, &folder);
    if (folder != folder_) return;
    found_ = std::move(key);
    done_ = true;
  }

  std::string_view folder_;
  std::string_view merged_;
  std::optional<std::string> found_;
  int guesses_ = 0;
  bool done_ = false;
};

}  // namespace

std::string BlobPath(std::string_view key, Generation generation) {
  return Path(key, generation, false);
}

std::string SidecarPath(std::string_view key, Generation generation) {
  return Path(key, generation, true);
}

std::string OriginalBlobPath(std::string_view key) {
  std::string path;
  AppendFolder(key, &path);
  path.append(Base64Encode(key));
  return path;
}

bool IsBlobFolderName(std::string_view name) {
  return name.size() == 2 && name.find_first_not_of(kHexDigits) == std::string_view::npos;
}

std::optional<ParsedBlobPath> ParseBlobPath(std::string_view path) {
  if (!HasFolder(path)) return std::nullopt;
  ParsedBlobPath parsed;
  std::string_view names = path.substr(kFolderLength);
  if (!TakeSuffix(&names, &parsed)) return std::nullopt;
  if (std::optional<std::string> key = Base64Decode(JoinSegments(names));
      key && Path(*key, parsed.generation, parsed.sidecar) == path) {
    parsed.key = *std::move(key);
    return parsed;
  }
  if (parsed.generation != kPlain || parsed.sidecar) return std::nullopt;
  std::optional<std::string> key = SlashRestorer(path).Restore();
  if (!key) return std::nullopt;
  parsed.key = *std::move(key);
  parsed.original_spelling = true;
  return parsed;
}

}  // namespace mkv
