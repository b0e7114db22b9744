#include "mkvcore/volumes/background_hasher.h"

#include <algorithm>
#include <mutex>

namespace mkv {

BackgroundHasher::BackgroundHasher(HashingThreads& threads, bool md5)
    : threads_(threads), hasher_(md5) {
  threads_.Start();
}

BackgroundHasher::~BackgroundHasher() {
  std::unique_lock lock(threads_.mutex_);
  pieces_.clear();
  if (state_ == State::kWaiting) std::erase(threads_.waiting_, this);
  changed_.wait(lock, [&] { return state_ != State::kHashing; });
}

void BackgroundHasher::Update(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::lock_guard lock(threads_.mutex_);
  pieces_.push_back(bytes);
  given_ += bytes.size();
  if (state_ != State::kIdle) return;
  state_ = State::kWaiting;
  threads_.waiting_.push_back(this);
  threads_.work_.notify_one();
}

std::uint64_t BackgroundHasher::done() const {
  const std::lock_guard lock(threads_.mutex_);
  return done_;
}

void BackgroundHasher::AwaitPast(std::uint64_t position) {
  std::unique_lock lock(threads_.mutex_);
  changed_.wait(lock, [&] { return done_ > position; });
}

ValueHasher& BackgroundHasher::Finish() {
  std::unique_lock lock(threads_.mutex_);
  changed_.wait(lock, [&] { return done_ == given_; });
  return hasher_;
}

void BackgroundHasher::Hashed(std::size_t bytes) {
  done_ += bytes;
  state_ = State::kIdle;
  if (!pieces_.empty()) {  // unless it is ending
    pieces_.front().remove_prefix(bytes);
    if (pieces_.front().empty()) pieces_.pop_front();
  }
  if (!pieces_.empty()) {
    state_ = State::kWaiting;
    threads_.waiting_.push_back(this);
  }
  changed_.notify_all();
}

}  // namespace mkv
