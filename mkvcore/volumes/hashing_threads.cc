#include "mkvcore/volumes/hashing_threads.h"

#include <algorithm>
#include <array>
#include <span>
#include <system_error>

#include "mkvcore/volumes/background_hasher.h"
#include "mkvcore/volumes/value_hasher.h"

namespace mkv {
namespace {

// Of a value, before others that have come meanwhile join in: some 0.1 ms.
constexpr std::size_t kTurn = 64 << 10;

unsigned HalfOfTheCores() { return std::max(1U, std::thread::hardware_concurrency() / 2); }

}  // namespace

HashingThreads::HashingThreads(unsigned count) : count_(count > 0 ? count : HalfOfTheCores()) {}

HashingThreads::~HashingThreads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_.notify_all();
}

void HashingThreads::Start() {
  const std::lock_guard lock(mutex_);
  try {
    while (threads_.size() < count_) threads_.emplace_back([this] { Run(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;
  }
}

void HashingThreads::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    work_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (ending_) return;
    // Threads that have nothing else to do take their part.
    const std::size_t share = (waiting_.size() + idle_) / (idle_ + 1);
    const std::size_t most = std::min(share, ValueHasher::kMostTogether);
    std::array<ValueHasher::Piece, ValueHasher::kMostTogether> pieces{};
    std::array<BackgroundHasher*, ValueHasher::kMostTogether> hashers{};
    std::size_t count = 0;
    for (; count < most; ++count) {
      BackgroundHasher& hasher = *waiting_.front();
      waiting_.pop_front();
      hasher.state_ = BackgroundHasher::State::kHashing;
      pieces[count] = {&hasher.hasher_, hasher.pieces_.front().substr(0, kTurn)};
      hashers[count] = &hasher;
    }
    if (!waiting_.empty() && idle_ > 0) work_.notify_one();
    lock.unlock();
    ValueHasher::UpdateTogether(std::span(pieces).first(count));
    lock.lock();
    for (std::size_t i = 0; i < count; ++i) hashers[i]->Hashed(pieces[i].bytes.size());
  }
}

}  // namespace mkv
