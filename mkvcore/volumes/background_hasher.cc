#include "mkvcore/volumes/background_hasher.h"

namespace mkv {

BackgroundHasher::BackgroundHasher(bool md5) : hasher_(md5), thread_([this] { Run(); }) {}

BackgroundHasher::~BackgroundHasher() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BackgroundHasher::Update(std::string_view bytes) {
  if (bytes.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    pieces_.push_back(bytes);
    given_ += bytes.size();
  }
  changed_.notify_all();
}

std::uint64_t BackgroundHasher::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

void BackgroundHasher::RethrowLocked() const {
  if (error_) std::rethrow_exception(error_);
}

void BackgroundHasher::AwaitPast(std::uint64_t position) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_ > position || error_; });
  RethrowLocked();
}

ValueHasher& BackgroundHasher::Finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_ == given_ || error_; });
  RethrowLocked();
  return hasher_;
}

void BackgroundHasher::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !pieces_.empty(); });
    if (ending_) return;
    const std::string_view piece = pieces_.front();
    pieces_.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      hasher_.Update(piece);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    done_ += piece.size();
    error_ = error;
    changed_.notify_all();
    if (error_) return;
  }
}

}  // namespace mkv
