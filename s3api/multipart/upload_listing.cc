#include "s3api/multipart/upload_listing.h"

namespace mkv::s3 {

UploadLister::Verdict UploadLister::Judge(std::string_view key, std::string_view id) {
  if (!key.starts_with(request_.prefix)) {
    return key < request_.prefix ? Verdict::kSkip : Verdict::kEnd;
  }
  std::string_view common;
  if (!request_.delimiter.empty()) {
    const std::size_t found = key.find(request_.delimiter, request_.prefix.size());
    if (found != std::string_view::npos) common = key.substr(0, found + request_.delimiter.size());
  }
  const std::string& marker = request_.key_marker;
  if (common.empty()) {
    if (key < marker) return Verdict::kSkip;
    if (key == marker && !marker.empty() &&
        (request_.upload_id_marker.empty() || id <= request_.upload_id_marker)) {
      return Verdict::kSkip;
    }
  } else if (common <= marker || common == common_prefix_) {
    // A marker inside a common prefix skips it whole.
    return Verdict::kSkip;
  }
  if (listed_ >= request_.max_uploads) return Verdict::kFull;
  ++listed_;
  if (common.empty()) return Verdict::kList;
  common_prefix_ = common;
  return Verdict::kPrefix;
}

}  // namespace mkv::s3
