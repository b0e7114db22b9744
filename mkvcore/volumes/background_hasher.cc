#include "mkvcore/volumes/background_hasher.h"

#include <algorithm>
#include <iterator>
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
  awaited_ = done_;
  changed_.wait(lock, [&] { return state_ != State::kHashing; });
}

void BackgroundHasher::Update(std::string_view bytes) {
  if (bytes.empty()) return;
  {
    const std::lock_guard lock(threads_.mutex_);
    given_ += bytes.size();
    // Turns are longer, and of one length, where pieces that follow one another are one.
    if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == bytes.data()) {
      pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
    } else {
      pieces_.push_back(bytes);
    }
    if (state_ != State::kIdle) return;
    state_ = State::kWaiting;
    threads_.waiting_.push_back(this);
  }
  threads_.work_.notify_one();
}

std::uint64_t BackgroundHasher::given() const { return given_; }

std::uint64_t BackgroundHasher::done() const { return done_; }

void BackgroundHasher::AwaitPast(std::uint64_t position) {
  HashingThreads::Lock lock(threads_.mutex_);
  Await(lock, position + 1);
}

ValueHasher& BackgroundHasher::Finish() {
  HashingThreads::Lock lock(threads_.mutex_);
  Await(lock, given_);
  return hasher_;
}

void BackgroundHasher::Await(HashingThreads::Lock& lock, std::uint64_t position) {
  awaited_ = position;
  while (done_ < position) {
    if (state_ == State::kWaiting && threads_.NeedsHelp()) {
      // Its own value first; the others stay in their order.
      const auto own = std::ranges::find(threads_.waiting_, this);
      std::rotate(threads_.waiting_.begin(), own, std::next(own));
      threads_.TakeTurn(lock, 1);
    } else {
      changed_.wait(lock);
    }
  }
  awaited_ = kNobodyWaits;
}

void BackgroundHasher::WakeHelper() {
  if (awaited_ != kNobodyWaits) changed_.notify_all();
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
  if (done_ >= awaited_) changed_.notify_all();
}

}  // namespace mkv
