#include "mkvcore/volumes/hashing_threads.h"

#include <algorithm>
#include <array>
#include <span>
#include <system_error>

#include "mkvcore/volumes/background_hasher.h"
#include "mkvcore/volumes/value_hasher.h"

namespace mkv {
namespace {

// Of a value, before others that have come meanwhile join in: some 0.1 ms; of one by itself four
// times as much.
constexpr std::size_t kTurn = 64 << 10;
constexpr std::size_t kTurnAlone = 256 << 10;

unsigned OneForTwoCores() { return std::max(1U, (std::thread::hardware_concurrency() + 1) / 2); }

}  // namespace

HashingThreads::HashingThreads(unsigned count) : count_(count > 0 ? count : OneForTwoCores()) {}

HashingThreads::~HashingThreads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_.notify_all();
}

void HashingThreads::Start() {
  const std::lock_guard lock(mutex_);
  if (started_) return;
  try {
    while (threads_.size() < count_) threads_.emplace_back([this] { Run(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;
  }
  started_ = true;
}

void HashingThreads::Run() {
  Lock lock(mutex_);
  while (true) {
    ++idle_;
    work_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (ending_) return;
    // Threads that have nothing else to do take their part, and so do those who wait for few.
    TakeTurn(lock, NeedsHelp() ? 1 : (waiting_.size() + idle_) / (idle_ + 1));
  }
}

void HashingThreads::TakeTurn(Lock& lock, std::size_t most) {
  std::array<ValueHasher::Piece, ValueHasher::kMostTogether> pieces{};
  std::array<BackgroundHasher*, ValueHasher::kMostTogether> hashers{};
  const std::size_t count = std::min({most, pieces.size(), waiting_.size()});
  for (std::size_t i = 0; i < count; ++i) {
    BackgroundHasher& hasher = *waiting_.front();
    waiting_.pop_front();
    hasher.state_ = BackgroundHasher::State::kHashing;
    pieces[i] = {&hasher.hasher_, hasher.pieces_.front().substr(0, count > 1 ? kTurn : kTurnAlone)};
    hashers[i] = &hasher;
  }
  WakeOne();
  values_in_turns_ += count;
  lock.unlock();
  ValueHasher::UpdateTogether(std::span(pieces).first(count));
  lock.lock();
  values_in_turns_ -= count;
  for (std::size_t i = 0; i < count; ++i) hashers[i]->Hashed(pieces[i].bytes.size());
  WakeOne();  // whoever took this turn may take no other
  if (!NeedsHelp()) return;
  for (BackgroundHasher* const hasher : waiting_) hasher->WakeHelper();
}

void HashingThreads::WakeOne() {
  if (!waiting_.empty() && idle_ > 0) work_.notify_one();
}

bool HashingThreads::NeedsHelp() const {
  return values_in_turns_ + waiting_.size() < ValueHasher::WorthwhileTogether() * threads_.size();
}

}  // namespace mkv
