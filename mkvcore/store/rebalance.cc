#include "mkvcore/store/rebalance.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/store/key_feed.h"

namespace mkv {

namespace {

// A key that others change meanwhile, or whose old blob is still being deleted, is tried again.
constexpr int kBusyAttempts = 5;
constexpr std::chrono::milliseconds kBusyPause{50};

class Rebalancer {
 public:
  Rebalancer(Store& store, const std::atomic<bool>& stop)
      : store_(store), stop_(stop), feed_(store.index()) {}

  // Tells of it. Before any Work().
  void Count(const std::function<void(const RebalanceSummary&)>& progress) {
    CountKeys(store_.index(), stop_, [&](std::uint64_t keys) {
      summary_.total = keys;
      if (progress) progress(summary_);
    });
  }

  void Work() {
    bool all_read = true;
    try {
      feed_.ForEach(stop_, [this](const std::string& key) { Note(MoveOne(key)); });
    } catch (const std::exception& error) {  // the index can not be read
      spdlog::error("rebalance: {}", error.what());
      all_read = false;
    }
    const std::lock_guard lock(mutex_);
    if (!all_read) ++summary_.failed;
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

  void Note(const Store::MoveResult& result) {
    const std::lock_guard lock(mutex_);
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
  KeyFeed feed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  RebalanceSummary summary_;
  unsigned finished_ = 0;
};

}  // namespace

RebalanceSummary RebalanceAll(Store& store, const RebalanceOptions& options,
                              const std::function<void(const RebalanceSummary&)>& progress,
                              const std::atomic<bool>& stop) {
  Rebalancer rebalancer(store, stop);
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
