#include "mkvcore/format/key_limit.h"

#include <limits>

#include "mkvcore/format/blob_path.h"

namespace mkv {
namespace {

constexpr std::size_t kAlwaysFits = 1024;
constexpr Generation kAnyGeneration = std::numeric_limits<Generation>::max();

}  // namespace

bool IsTooLong(std::string_view key) {
  return key.size() > kAlwaysFits && SidecarPath(key, kAnyGeneration).size() > kMaxBlobPath;
}

}  // namespace mkv
