#include "s3api/multipart/completions.h"

#include <utility>

#include "s3api/checksum/digest.h"

namespace mkv::s3 {

std::string RequestDigest(const std::vector<CompletedPart>& parts) {
  Digest digest(Digest::Kind::kSha256);
  for (const CompletedPart& part : parts) {
    digest.Update(std::to_string(part.number) + ":" + part.etag + "\n");
  }
  return digest.Finish();
}

void Completions::Add(const std::string& upload_id, Completion completion, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  while (!in_order_.empty() &&
         (in_order_.size() >= kMost || now - by_id_.at(in_order_.front()).at >= kKept)) {
    by_id_.erase(in_order_.front());
    in_order_.pop_front();
  }
  if (by_id_.try_emplace(upload_id, Dated{std::move(completion), now}).second) {
    in_order_.push_back(upload_id);
  }
}

std::optional<Completion> Completions::Find(const std::string& upload_id,
                                            Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(upload_id);
  if (found == by_id_.end() || now - found->second.at >= kKept) return std::nullopt;
  return found->second.completion;
}

}  // namespace mkv::s3
