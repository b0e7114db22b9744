// One page of the uploads of a bucket: which of them a ListMultipartUploads shows.
//
// The model: uploads in order of key, then of id; those whose key has the delimiter after the
// prefix are rolled up into one common prefix; of these, the first max-uploads that come after the
// markers. Source: ListMultipartUploads, Amazon S3 API Reference. Pure; a lister is one thread's.
#ifndef S3API_MULTIPART_UPLOAD_LISTING_H_
#define S3API_MULTIPART_UPLOAD_LISTING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mkv::s3 {

class MultipartUpload;

inline constexpr int kMaxListUploads = 1000;

struct UploadListRequest {
  std::string bucket;
  std::string prefix;
  std::string delimiter;         // empty: none
  std::string key_marker;        // only keys after it ...
  std::string upload_id_marker;  // ... or this very key with ids after this one, where it is given
  int max_uploads = kMaxListUploads;
};

struct UploadPage {
  std::vector<std::shared_ptr<const MultipartUpload>> uploads;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  // Where the next page begins: the last upload's key and id, or a common prefix and no id.
  std::string next_key;
  std::string next_id;
};

// Decides for one upload after the other, in order.
class UploadLister {
 public:
  // `request` outlives it.
  explicit UploadLister(const UploadListRequest& request) : request_(request) {}

  enum class Verdict {
    kSkip,
    kList,
    kPrefix,  // `common_prefix()` is to be listed
    kFull,    // there is more, but the page is full
    kEnd,     // no later key has the prefix
  };
  Verdict Judge(std::string_view key, std::string_view id);
  const std::string& common_prefix() const { return common_prefix_; }

 private:
  const UploadListRequest& request_;
  std::string common_prefix_;  // the last one listed
  int listed_ = 0;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_UPLOAD_LISTING_H_
