#include "s3api/multipart/upload.h"

#include <optional>

namespace mkv::s3 {

MultipartUpload::MultipartUpload(UploadTerms terms, PartMemory::Share share, Clock::time_point now)
    : terms_(std::move(terms)), last_activity_(now), share_(std::move(share)) {}

std::optional<MultipartUpload::Activity> MultipartUpload::BeginActivity() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded || aborted_) return std::nullopt;
  ++activities_;
  return Activity(*this);
}

void MultipartUpload::EndActivity() {
  const std::lock_guard lock(mutex_);
  --activities_;
  last_activity_ = Clock::now();
}

bool MultipartUpload::Put(std::uint32_t number, std::shared_ptr<const StagedPart> part,
                          PartMemory::Share share) {
  std::optional<Entry> replaced;  // destroyed without the mutex: that may take an index write
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded || aborted_) return false;
  const auto found = content_.parts.find(number);
  if (found == content_.parts.end()) {
    content_.parts.emplace(number, Entry{std::move(part), std::move(share)});
  } else {
    replaced.emplace(std::move(found->second));
    found->second = {std::move(part), std::move(share)};
  }
  return true;
}

MultipartUpload::Parts MultipartUpload::parts() const {
  const std::lock_guard lock(mutex_);
  Parts parts;
  for (const auto& [number, entry] : content_.parts) {
    parts.emplace_hint(parts.end(), number, entry.part);
  }
  return parts;
}

MultipartUpload::Begun MultipartUpload::BeginCompletion() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded || aborted_) return Begun::kEnded;
  if (state_ != State::kOpen) return Begun::kBusy;
  state_ = State::kCompleting;
  return Begun::kYes;
}

bool MultipartUpload::aborted() const {
  const std::lock_guard lock(mutex_);
  return aborted_;
}

bool MultipartUpload::EnterCommit() {
  const std::lock_guard lock(mutex_);
  if (aborted_) return false;
  state_ = State::kCommitting;
  return true;
}

void MultipartUpload::EndCompletion(bool committed) {
  Content ended;
  {
    const std::lock_guard lock(mutex_);
    if (committed || aborted_) {
      ended = End();
    } else {
      state_ = State::kOpen;
      last_activity_ = Clock::now();
    }
  }
  changed_.notify_all();
}

MultipartUpload::Aborted MultipartUpload::Abort() {
  Content ended;
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded || aborted_) return Aborted::kEnded;
  if (state_ == State::kCommitting) return Aborted::kCommitting;
  aborted_ = true;
  if (state_ == State::kOpen) ended = End();
  return Aborted::kYes;
}

bool MultipartUpload::Expire(Clock::time_point before) {
  Content ended;
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen || activities_ > 0 || last_activity_ > before) return false;
  ended = End();
  return true;
}

void MultipartUpload::WaitForCompletion() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(1),
                    [this] { return state_ == State::kOpen || state_ == State::kEnded; });
}

MultipartUpload::Content MultipartUpload::End() {
  state_ = State::kEnded;
  return std::exchange(content_, {});
}

}  // namespace mkv::s3
