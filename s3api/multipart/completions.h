// What became of uploads that were completed: a client that missed the answer asks again, and gets
// the same one.
//
// The last 10,000, for an hour each. Thread-safe.
#ifndef S3API_MULTIPART_COMPLETIONS_H_
#define S3API_MULTIPART_COMPLETIONS_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "s3api/protocol/request_body.h"

namespace mkv::s3 {

// The answer to a completed upload.
struct Completion {
  std::string bucket;
  std::string key;
  std::string user;
  std::string request;           // RequestDigest()
  std::string etag;              // without quotes
  std::string checksum_element;  // `ChecksumCRC32`; empty: the object has none
  std::string checksum;          // as on the wire
  std::string checksum_type;
};

// Names a list of parts: two requests are the same when it is.
std::string RequestDigest(const std::vector<CompletedPart>& parts);

class Completions {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::chrono::hours kKept{1};

  void Add(const std::string& upload_id, Completion completion, Clock::time_point now);
  std::optional<Completion> Find(const std::string& upload_id, Clock::time_point now) const;

 private:
  struct Dated {
    Completion completion;
    Clock::time_point at;
  };
  mutable std::mutex mutex_;
  std::deque<std::string> in_order_;
  std::unordered_map<std::string, Dated> by_id_;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_COMPLETIONS_H_
