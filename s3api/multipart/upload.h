// One multipart upload: what was asked for when it was created, its parts, and how it ends.
//
// Its life: open, completing, committing, ended. Rules:
// - Parts may come while it is being completed; they do not change what is being completed, and
//   count if that fails.
// - One completion at a time; another waits for it.
// - An abort while it is completing wins: the completion finds out before it commits. Once it is
//   committing, the abort waits for how that ends.
//
// Thread-safe, but for the terms, which never change.
#ifndef S3API_MULTIPART_UPLOAD_H_
#define S3API_MULTIPART_UPLOAD_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "index_entries.pb.h"
#include "s3api/checksum/algorithm.h"
#include "s3api/multipart/part_memory.h"
#include "s3api/multipart/staged_part.h"

namespace mkv::s3 {

struct UploadTerms {
  std::string id;
  std::string bucket;
  std::string key;
  std::string user;  // who created it, and alone may add to it and complete it
  std::int64_t initiated_us = 0;
  // Of the object to be: headers, tags, ACL, owner.
  format::ObjectMetadata description;
  std::optional<ChecksumAlgorithm> checksum;  // of every part and of the object
  bool composite = false;  // the object's checksum is one of its parts' checksums
};

class MultipartUpload {
 public:
  using Clock = std::chrono::steady_clock;
  using Parts = std::map<std::uint32_t, std::shared_ptr<const StagedPart>>;

  // `share` pays for what is kept beside the bytes of parts.
  MultipartUpload(UploadTerms terms, PartMemory::Share share, Clock::time_point now);

  const UploadTerms& terms() const { return terms_; }

  // A part on its way: keeps the upload from expiring.
  class Activity {
   public:
    explicit Activity(MultipartUpload& upload) : upload_(&upload) {}

   private:
    struct End {
      void operator()(MultipartUpload* upload) const { upload->EndActivity(); }
    };
    std::unique_ptr<MultipartUpload, End> upload_;
  };
  // nullopt when the upload has ended. The upload outlives the activity.
  std::optional<Activity> BeginActivity();

  // The part replaces one of that number. False when the upload has ended. `share` pays for the
  // entry.
  [[nodiscard]] bool Put(std::uint32_t number, std::shared_ptr<const StagedPart> part,
                         PartMemory::Share share);
  Parts parts() const;

  enum class Begun { kYes, kBusy, kEnded };
  // kYes: to be followed by EndCompletion() in any case.
  Begun BeginCompletion();
  bool aborted() const;
  // From here on it can not be aborted any more. False when it was. May be called again.
  [[nodiscard]] bool EnterCommit();
  void EndCompletion(bool committed);

  enum class Aborted { kYes, kCommitting, kEnded };
  Aborted Abort();

  // Ends it when it is open and nothing has happened since `before`. True if it did.
  bool Expire(Clock::time_point before);

  // Waits while a completion is under way, a second at most.
  void WaitForCompletion();

 private:
  enum class State { kOpen, kCompleting, kCommitting, kEnded };
  void EndActivity();
  // mutex_ held. What is to be destroyed is handed out, to be destroyed without it.
  struct Content;
  Content End();

  const UploadTerms terms_;

  struct Entry {
    std::shared_ptr<const StagedPart> part;
    PartMemory::Share share;
  };
  struct Content {
    std::map<std::uint32_t, Entry> parts;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kOpen;
  bool aborted_ = false;
  Content content_;
  int activities_ = 0;
  Clock::time_point last_activity_;
  const PartMemory::Share share_;
};

}  // namespace mkv::s3

#endif  // S3API_MULTIPART_UPLOAD_H_
