// Conditional requests: whether the object that there is is the one that the client wants.
//
// Source: RFC 9110 section 13; "Conditional requests", Amazon S3 User Guide; GetObject, CopyObject
// and PutObject, Amazon S3 API Reference. A date that is none is passed over (RFC 9110), and so is
// an If-Modified-Since that is still to come (RFC 2616 section 14.25), which is all that the clock
// is asked for. Values; thread-safe.
#ifndef S3API_PROTOCOL_CONDITIONS_H_
#define S3API_PROTOCOL_CONDITIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/http/request.h"

namespace mkv::s3 {

// What conditions are held against.
struct Validators {
  std::string_view etag;  // without quotes
  std::int64_t mtime_us = 0;
};

// A list of entity tags, as If-Match and If-None-Match carry it: quoted or not, weak or not, `*`.
class ETagList {
 public:
  explicit ETagList(std::string_view field);
  bool any() const { return any_; }  // `*`
  bool Matches(std::string_view etag) const;

 private:
  bool any_ = false;
  std::vector<std::string> etags_;
};

// If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since, or the same four with
// `x-amz-copy-source-` before them.
struct ReadConditions {
  std::optional<ETagList> match;
  std::optional<ETagList> none_match;
  std::optional<std::int64_t> modified_since_us;
  std::optional<std::int64_t> unmodified_since_us;

  static ReadConditions Of(const http::RequestHead& head);
  static ReadConditions OfCopySource(const http::RequestHead& head);

  bool empty() const { return !match && !none_match && !modified_since_us && !unmodified_since_us; }

  enum class Result { kProceed, kNotModified };
  // For a read: kNotModified means 304 with the object's validators and no body. Throws
  // PreconditionFailed naming the condition. If-Match that holds overrules If-Unmodified-Since, and
  // If-None-Match, whichever way it goes, If-Modified-Since.
  Result CheckRead(const Validators& object) const;
  // For the source of a copy, where what is not modified fails too.
  void CheckCopySource(const Validators& source) const;

 private:
  static ReadConditions Of(const http::RequestHead& head, std::string_view prefix);
};

// Whether the Range of a request is to be heeded: it has no If-Range, or one that names exactly
// this object, by its ETag or its date (RFC 9110 section 13.1.5). A weak ETag names none.
bool IfRangeHolds(const http::RequestHead& head, const Validators& object);

// If-Match and If-None-Match of a write (PutObject, CompleteMultipartUpload, CopyObject); If-Match,
// time and size of a DeleteObject; also what a DeleteObjects entry asks for.
struct WriteConditions {
  bool must_not_exist = false;           // If-None-Match: *
  std::optional<ETagList> match;         // If-Match
  std::optional<std::int64_t> mtime_us;  // x-amz-if-match-last-modified-time
  std::optional<std::uint64_t> size;     // x-amz-if-match-size

  // Throws NotImplemented for an If-None-Match that is not `*`, as S3 does, and InvalidArgument for
  // a time or a size that is none.
  static WriteConditions Of(const http::RequestHead& head);

  bool empty() const { return !must_not_exist && !match && !mtime_us && !size; }

  // `current` is null when there is no object. Throws PreconditionFailed (412), or NoSuchKey where
  // the ETag of an object must match and there is none; time and size are of one that there is.
  void Check(const Validators* current, std::uint64_t current_size, std::string_view key) const;
};

// x-amz-if-match-initiated-time of an AbortMultipartUpload: throws PreconditionFailed unless the
// upload began in that second, and InvalidArgument for a time that is none.
void CheckInitiated(const http::RequestHead& head, std::int64_t initiated_us);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_CONDITIONS_H_
