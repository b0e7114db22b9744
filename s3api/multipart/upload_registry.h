// All uploads that are not completed yet, by id and in the order of listings. They live in memory
// alone: a restart forgets them, by design, and later calls say NoSuchUpload.
//
// A thread of its own ends the ones that nobody has added to for the time of their expiry.
// Thread-safe.
#ifndef S3API_MULTIPART_UPLOAD_REGISTRY_H_
#define S3API_MULTIPART_UPLOAD_REGISTRY_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "s3api/multipart/completions.h"
#include "s3api/multipart/part_memory.h"
#include "s3api/multipart/upload.h"
#include "s3api/multipart/upload_listing.h"

namespace mkv::s3 {

class UploadRegistry {
 public:
  // `memory` outlives the registry. `expiry`: since the last part, or since the creation.
  UploadRegistry(PartMemory& memory, std::chrono::milliseconds expiry);
  ~UploadRegistry();
  UploadRegistry(const UploadRegistry&) = delete;
  UploadRegistry& operator=(const UploadRegistry&) = delete;

  // Fills in id and time. Throws SlowDown when there is no memory for one more.
  std::shared_ptr<MultipartUpload> Create(UploadTerms terms);
  // Null when there is none, or it is of another key.
  std::shared_ptr<MultipartUpload> Find(const std::string& id, std::string_view bucket,
                                        std::string_view key) const;
  // Whether it is one that has not ended, of another key.
  bool IsOfAnother(const std::string& id, std::string_view bucket, std::string_view key) const;
  // For the entry of one more part. Throws SlowDown.
  PartMemory::Share TakePartShare();

  // Takes an upload that has ended off the list.
  void Remove(const MultipartUpload& upload);
  // The same, with the answer for whoever asks again.
  void RemoveCompleted(const MultipartUpload& upload, Completion completion);
  const Completions& completions() const { return completions_; }

  // Aborts what is left in a bucket that is deleted.
  void AbortAllIn(std::string_view bucket);

  UploadPage List(const UploadListRequest& request) const;

 private:
  // Uploads of one key are in the order in which they were created, which is that of their ids.
  using Place = std::tuple<std::string, std::string, std::string>;  // bucket, key, id

  void Run(const std::stop_token& stop);
  void EndExpired();

  PartMemory& memory_;
  const std::chrono::milliseconds expiry_;
  Completions completions_;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<MultipartUpload>> by_id_;
  std::map<Place, std::shared_ptr<MultipartUpload>> in_order_;

  std::mutex wait_mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_UPLOAD_REGISTRY_H_
