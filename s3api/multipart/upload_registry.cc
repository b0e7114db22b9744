#include "s3api/multipart/upload_registry.h"

#include <openssl/rand.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "mkvcore/store/generation_clock.h"
#include "s3api/checksum/digest_text.h"
#include "s3api/protocol/error.h"

namespace mkv::s3 {
namespace {

using Clock = MultipartUpload::Clock;

// What an upload and a part cost beside the part's bytes: entries of maps, ids, the intent of a
// part that lies on a volume. Rounded up.
constexpr std::uint64_t kUploadBytes = 4096;
constexpr std::uint64_t kPartBytes = 1024;

constexpr std::chrono::milliseconds kLongestPause{60'000};
constexpr std::chrono::milliseconds kShortestPause{100};

S3Error NoMemoryError() {
  return S3Error(ErrorCode::kSlowDown, "Too many uploads and parts are waiting to be completed.")
      .Header("Retry-After", "1");
}

// Nobody guesses one, and of two the one that was created later is the greater.
std::string NewUploadId(std::int64_t now_us) {
  std::array<unsigned char, 16> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes");
  }
  return fmt::format("{:016x}{:02x}", now_us, fmt::join(random, ""));
}

bool IsOf(const MultipartUpload& upload, std::string_view bucket, std::string_view key) {
  return upload.terms().bucket == bucket && upload.terms().key == key;
}

}  // namespace

UploadRegistry::UploadRegistry(PartMemory& memory, std::chrono::milliseconds expiry)
    : memory_(memory),
      expiry_(expiry),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

UploadRegistry::~UploadRegistry() {
  thread_.request_stop();
  thread_.join();
}

std::shared_ptr<MultipartUpload> UploadRegistry::Create(UploadTerms terms) {
  std::optional<PartMemory::Share> share =
      memory_.TakeBookkeeping(kUploadBytes + terms.description.ByteSizeLong());
  if (!share) throw NoMemoryError();
  const std::lock_guard lock(mutex_);
  terms.initiated_us = WallClockMicros();
  terms.id = NewUploadId(terms.initiated_us);
  auto upload =
      std::make_shared<MultipartUpload>(std::move(terms), *std::move(share), Clock::now());
  const UploadTerms& kept = upload->terms();
  by_id_[kept.id] = upload;
  in_order_[{kept.bucket, kept.key, kept.id}] = upload;
  return upload;
}

std::shared_ptr<MultipartUpload> UploadRegistry::Find(const std::string& id,
                                                      std::string_view bucket,
                                                      std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found != by_id_.end() && IsOf(*found->second, bucket, key) ? found->second : nullptr;
}

bool UploadRegistry::IsOfAnother(const std::string& id, std::string_view bucket,
                                 std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found != by_id_.end() && !IsOf(*found->second, bucket, key);
}

PartMemory::Share UploadRegistry::TakePartShare() {
  std::optional<PartMemory::Share> share = memory_.TakeBookkeeping(kPartBytes);
  if (!share) throw NoMemoryError();
  return *std::move(share);
}

void UploadRegistry::Remove(const MultipartUpload& upload) {
  const UploadTerms& terms = upload.terms();
  std::shared_ptr<MultipartUpload> removed;  // destroyed without the mutex
  const std::lock_guard lock(mutex_);
  in_order_.erase({terms.bucket, terms.key, terms.id});
  const auto found = by_id_.find(terms.id);
  if (found == by_id_.end()) return;
  removed = std::move(found->second);
  by_id_.erase(found);
}

void UploadRegistry::RemoveCompleted(const MultipartUpload& upload, Completion completion) {
  completions_.Add(upload.terms().id, std::move(completion), Clock::now());
  Remove(upload);
}

void UploadRegistry::AbortAllIn(std::string_view bucket) {
  std::vector<std::shared_ptr<MultipartUpload>> doomed;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = in_order_.lower_bound({std::string(bucket), "", ""});
         at != in_order_.end() && std::get<0>(at->first) == bucket; ++at) {
      doomed.push_back(at->second);
    }
  }
  for (const std::shared_ptr<MultipartUpload>& upload : doomed) {
    if (upload->Abort() == MultipartUpload::Aborted::kYes) Remove(*upload);
  }
}

UploadPage UploadRegistry::List(const UploadListRequest& request) const {
  UploadPage page;
  if (request.max_uploads <= 0) return page;
  UploadLister lister(request);
  const std::lock_guard lock(mutex_);
  for (auto at = in_order_.lower_bound(
           {request.bucket, std::max(request.prefix, request.key_marker), ""});
       at != in_order_.end(); ++at) {
    const auto& [bucket, key, id] = at->first;
    if (bucket != request.bucket) break;
    switch (lister.Judge(key, id)) {
      case UploadLister::Verdict::kSkip:
        continue;
      case UploadLister::Verdict::kEnd:
        return page;
      case UploadLister::Verdict::kFull:
        page.truncated = true;
        return page;
      case UploadLister::Verdict::kList:
        page.uploads.push_back(at->second);
        page.next_key = key;
        page.next_id = id;
        break;
      case UploadLister::Verdict::kPrefix:
        page.common_prefixes.push_back(lister.common_prefix());
        page.next_key = lister.common_prefix();
        page.next_id.clear();
        break;
    }
  }
  return page;
}

void UploadRegistry::Run(const std::stop_token& stop) {
  // An upload is ended at most a quarter late.
  const auto pause = std::clamp(expiry_ / 4, kShortestPause, kLongestPause);
  std::unique_lock lock(wait_mutex_);
  while (!wake_.wait_for(lock, stop, pause, [&stop] { return stop.stop_requested(); })) {
    if (stop.stop_requested()) return;
    lock.unlock();
    try {
      EndExpired();
    } catch (const std::exception& error) {
      spdlog::error("multipart: {}", error.what());
    }
    lock.lock();
  }
}

void UploadRegistry::EndExpired() {
  std::vector<std::shared_ptr<MultipartUpload>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, upload] : by_id_) all.push_back(upload);
  }
  const Clock::time_point before = Clock::now() - expiry_;
  for (const std::shared_ptr<MultipartUpload>& upload : all) {
    if (!upload->Expire(before)) continue;
    spdlog::info("multipart: upload {} of \"/{}/{}\" expired", upload->terms().id,
                 upload->terms().bucket, upload->terms().key);
    Remove(*upload);
  }
}

}  // namespace mkv::s3
