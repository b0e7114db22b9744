#include "s3api/protocol/conditions.h"

#include <Poco/String.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "s3api/protocol/error.h"
#include "s3api/protocol/etag.h"
#include "s3api/protocol/time_text.h"
#include "s3api/signature/request_view.h"

namespace mkv::s3 {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr char kModifiedTime[] = "x-amz-if-match-last-modified-time";
constexpr char kInitiatedTime[] = "x-amz-if-match-initiated-time";

// Dates have whole seconds, so objects are compared by theirs.
std::int64_t SecondOf(std::int64_t time_us) {
  return time_us - ((time_us % kSecond) + kSecond) % kSecond;
}

std::optional<std::string> Field(const http::RequestHead& head, const std::string& name) {
  if (!head.headers.has(name)) return std::nullopt;
  return head.headers.get(name);
}

// A list that is sent as several lines is one list (RFC 9110 section 5.3).
std::optional<ETagList> ETags(const http::RequestHead& head, const std::string& name) {
  std::optional<std::string> list;
  for (auto line = head.headers.find(name); line != head.headers.end(); ++line) {
    if (Poco::icompare(line->first, name) != 0) break;  // its lines lie side by side
    list = list ? *list + ", " + line->second : line->second;
  }
  return list ? std::optional<ETagList>(*list) : std::nullopt;
}

std::optional<std::int64_t> Date(const http::RequestHead& head, const std::string& name) {
  const std::optional<std::string> field = Field(head, name);
  return field ? ParseDate(Trim(*field)) : std::nullopt;
}

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Nothing can have been modified since a date that is still to come: it is invalid (RFC 2616
// section 14.25), and passed over.
std::optional<std::int64_t> PastDate(const http::RequestHead& head, const std::string& name) {
  const std::optional<std::int64_t> date = Date(head, name);
  return date && *date <= NowMicros() ? date : std::nullopt;
}

std::optional<std::int64_t> ValidDate(const http::RequestHead& head, const std::string& name) {
  const std::optional<std::string> field = Field(head, name);
  if (!field) return std::nullopt;
  const std::optional<std::int64_t> date = ParseDate(Trim(*field));
  if (!date) throw InvalidArgumentError("Invalid date", name, *field);
  return date;
}

[[noreturn]] void ThrowFailed(std::string_view condition) {
  throw S3Error(ErrorCode::kPreconditionFailed).With("Condition", condition);
}

}  // namespace

ETagList::ETagList(std::string_view field) : any_(Trim(field) == "*") {
  field = Trim(field);
  while (!any_ && !field.empty()) {
    // A comma inside quotes is part of the tag.
    std::size_t end = 0;
    bool quoted = false;
    for (; end < field.size() && (quoted || field[end] != ','); ++end) {
      if (field[end] == '"') quoted = !quoted;
    }
    const std::string_view etag = UnquoteETag(field.substr(0, end));
    if (!etag.empty()) etags_.emplace_back(etag);
    field.remove_prefix(std::min(end + 1, field.size()));
  }
}

bool ETagList::Matches(std::string_view etag) const {
  return any_ || std::find(etags_.begin(), etags_.end(), etag) != etags_.end();
}

ReadConditions ReadConditions::Of(const http::RequestHead& head, std::string_view prefix) {
  const std::string name(prefix);
  ReadConditions conditions;
  conditions.match = ETags(head, name + "if-match");
  conditions.none_match = ETags(head, name + "if-none-match");
  conditions.modified_since_us = PastDate(head, name + "if-modified-since");
  conditions.unmodified_since_us = Date(head, name + "if-unmodified-since");
  return conditions;
}

ReadConditions ReadConditions::Of(const http::RequestHead& head) { return Of(head, ""); }

ReadConditions ReadConditions::OfCopySource(const http::RequestHead& head) {
  return Of(head, "x-amz-copy-source-");
}

ReadConditions::Result ReadConditions::CheckRead(const Validators& object) const {
  const std::int64_t modified = SecondOf(object.mtime_us);
  if (match) {
    if (!match->Matches(object.etag)) ThrowFailed("If-Match");
  } else if (unmodified_since_us && modified > *unmodified_since_us) {
    ThrowFailed("If-Unmodified-Since");
  }
  if (none_match) {
    if (none_match->Matches(object.etag)) return Result::kNotModified;
  } else if (modified_since_us && modified <= *modified_since_us) {
    return Result::kNotModified;
  }
  return Result::kProceed;
}

void ReadConditions::CheckCopySource(const Validators& source) const {
  const std::int64_t modified = SecondOf(source.mtime_us);
  if (match) {
    if (!match->Matches(source.etag)) ThrowFailed("x-amz-copy-source-If-Match");
  } else if (unmodified_since_us && modified > *unmodified_since_us) {
    ThrowFailed("x-amz-copy-source-If-Unmodified-Since");
  }
  if (none_match) {
    if (none_match->Matches(source.etag)) ThrowFailed("x-amz-copy-source-If-None-Match");
  } else if (modified_since_us && modified <= *modified_since_us) {
    ThrowFailed("x-amz-copy-source-If-Modified-Since");
  }
}

bool IfRangeHolds(const http::RequestHead& head, const Validators& object) {
  const std::optional<std::string> field = Field(head, "If-Range");
  if (!field) return true;
  const std::string_view validator = Trim(*field);
  if (validator.starts_with("W/")) return false;
  if (const auto date = ParseDate(validator)) return *date == SecondOf(object.mtime_us);
  return UnquoteETag(validator) == object.etag;
}

WriteConditions WriteConditions::Of(const http::RequestHead& head) {
  WriteConditions conditions;
  conditions.match = ETags(head, "If-Match");
  if (const auto none_match = ETags(head, "If-None-Match")) {
    if (!none_match->any()) {
      throw S3Error(ErrorCode::kNotImplemented)
          .With("Header", "If-None-Match")
          .With("additionalMessage",
                "We don't accept the provided value of If-None-Match header "
                "for this API");
    }
    if (conditions.match) {
      throw S3Error(ErrorCode::kNotImplemented)
          .With("Header", "If-Match,If-None-Match")
          .With("additionalMessage", "Multiple conditional request headers present in the request");
    }
    conditions.must_not_exist = true;
  }
  if (head.method != "DELETE") return conditions;
  conditions.mtime_us = ValidDate(head, kModifiedTime);
  constexpr char kSize[] = "x-amz-if-match-size";
  if (const auto field = Field(head, kSize)) {
    const std::string_view text = Trim(*field);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw InvalidArgumentError("Invalid size", kSize, *field);
    }
    conditions.size = size;
  }
  return conditions;
}

void WriteConditions::Check(const Validators* current, std::uint64_t current_size,
                            std::string_view key) const {
  if (must_not_exist && current != nullptr) ThrowFailed("If-None-Match");
  if (current == nullptr) {
    if (match) throw NoSuchKeyError(key);
    return;
  }
  if (match && !match->Matches(current->etag)) ThrowFailed("If-Match");
  if (mtime_us && SecondOf(current->mtime_us) != *mtime_us) {
    ThrowFailed(kModifiedTime);
  }
  if (size && current_size != *size) ThrowFailed("x-amz-if-match-size");
}

void CheckInitiated(const http::RequestHead& head, std::int64_t initiated_us) {
  const std::optional<std::int64_t> wanted = ValidDate(head, kInitiatedTime);
  if (wanted && SecondOf(initiated_us) != *wanted) ThrowFailed(kInitiatedTime);
}

}  // namespace mkv::s3
