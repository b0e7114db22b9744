#include "mkvcore/store/rebalance.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mkvcore/store/key_feed.h"

namespace mkv {

namespace {

// A key that others change meanwhile, or whose old blob is still being deleted, is tried again.
constexpr int kBusyAttempts = 5;
constexpr std::chrono::milliseconds kBusyPause{50};

// Groups of keys that are moved together at a time: while one waits for its volumes, the other has
// the index.
constexpr unsigned kGroupsAtOnce = 2;
// Of each: as many for a thread, so that the wait for the last of a group counts for little; but no
// more than these, which cost no less each.
constexpr unsigned kKeysOfThread = 2;
constexpr unsigned kMostKeysOfGroup = 64;

class Rebalancer {
 public:
  Rebalancer(Store& store, unsigned threads, const std::atomic<bool>& stop)
      : store_(store),
        stop_(stop),
        keys_of_group_(std::min(kKeysOfThread * threads, kMostKeysOfGroup)),
        feed_(store.index()) {}

  // Tells of it. Before any Work().
  void Count(const std::function<void(const RebalanceSummary&)>& progress) {
    CountKeys(store_.index(), stop_, [&](std::uint64_t keys) {
      summary_.total = keys;
      if (progress) progress(summary_);
    });
  }

  // What can not go together with others is shared by all threads: it takes longer.
  void Work() {
    std::unique_lock lock(mutex_);
    while (!stop_ && !AllDone()) {
      if (!by_themselves_.empty()) {
        const std::string key = std::move(by_themselves_.front());
        by_themselves_.pop_front();
        lock.unlock();
        const Store::MoveResult result = MoveOne(key);
        lock.lock();
        Note(result);
      } else if (!all_read_ && groups_ < kGroupsAtOnce) {
        ++groups_;
        lock.unlock();
        MoveGroup();
        lock.lock();
        --groups_;
        if (!by_themselves_.empty()) changed_.notify_all();
      } else {
        changed_.wait(lock);  // for what groups leave
      }
    }
    ++finished_;
    changed_.notify_all();
  }

  // The figures so far; waits up to a second for `threads` to finish.
  RebalanceSummary Await(unsigned threads, bool* finished) {
    std::unique_lock lock(mutex_);
    *finished =
        changed_.wait_for(lock, std::chrono::seconds(1), [&] { return finished_ == threads; });
    RebalanceSummary summary = summary_;
    summary.interrupted = stop_;
    return summary;
  }

 private:
  bool AllDone() const { return all_read_ && groups_ == 0 && by_themselves_.empty(); }

  void MoveGroup() {
    const std::vector<std::string> keys = NextKeys();
    const std::vector<std::optional<Store::MoveResult>> results = store_.RebalanceTogether(keys);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (results[i]) {
        Note(*results[i]);
      } else {
        by_themselves_.push_back(keys[i]);
      }
    }
  }

  std::vector<std::string> NextKeys() {
    std::vector<std::string> keys;
    bool readable = true;
    try {
      while (keys.size() < keys_of_group_) {
        std::optional<std::string> key = feed_.Next();
        if (!key) break;
        keys.push_back(std::move(*key));
      }
    } catch (const std::exception& error) {  // the index can not be read
      spdlog::error("rebalance: {}", error.what());
      readable = false;
    }
    const std::lock_guard lock(mutex_);
    all_read_ |= keys.size() < keys_of_group_;
    if (!readable) ++summary_.failed;
    return keys;
  }

  Store::MoveResult MoveOne(const std::string& key) {
    try {
      for (int attempt = 1;; ++attempt) {
        const Store::MoveResult result = store_.RebalanceQuietly(key);
        if (result.outcome != Outcome::kBusy || attempt == kBusyAttempts || stop_) return result;
        std::this_thread::sleep_for(kBusyPause);
      }
    } catch (const std::exception& error) {
      spdlog::error("rebalance: \"{}\": {}", key, error.what());
      return {Outcome::kImpossible, false};
    }
  }

  void Note(const Store::MoveResult& result) {  // mutex_ held
    ++summary_.done;
    switch (result.outcome) {
      case Outcome::kDone:
        if (result.moved) ++summary_.moved;
        if (result.away) ++summary_.away;
        break;
      case Outcome::kMissing:  // deleted since
        break;
      case Outcome::kBusy:
        ++summary_.busy;
        break;
      default:
        ++summary_.failed;
    }
  }

  Store& store_;
  const std::atomic<bool>& stop_;
  const std::size_t keys_of_group_;
  KeyFeed feed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // All that follows under mutex_.
  bool all_read_ = false;                  // from the feed
  unsigned groups_ = 0;                    // under way
  std::deque<std::string> by_themselves_;  // keys to be moved one by one
  RebalanceSummary summary_;
  unsigned finished_ = 0;  // threads
};

}  // namespace

RebalanceSummary RebalanceAll(Store& store, const RebalanceOptions& options,
                              const std::function<void(const RebalanceSummary&)>& progress,
                              const std::atomic<bool>& stop) {
  Rebalancer rebalancer(store, options.threads, stop);
  rebalancer.Count(progress);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&rebalancer] { rebalancer.Work(); });
  }
  bool finished = false;
  RebalanceSummary summary;
  while (!finished) {
    summary = rebalancer.Await(options.threads, &finished);
    if (progress) progress(summary);
  }
  return summary;
}

}  // namespace mkv
