// Work over the whole store by several threads that come upon things (scrub.h, check.h): what they
// have found so far, told about once a second while they go on.
//
// Summary has a member `interrupted`. Thread-safe, but for Run().
#ifndef MKVCORE_STORE_SURVEY_H_
#define MKVCORE_STORE_SURVEY_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mkv {

template <typename Summary>
class Survey {
 public:
  // `found`: the lines since the last call.
  using Report = std::function<void(const Summary& summary, const std::vector<std::string>& found)>;

  // `stop` is what the threads watch.
  explicit Survey(const std::atomic<bool>& stop) : stop_(stop) {}

  // `change` gets the summary, and nobody else does meanwhile.
  template <typename Change>
  void Note(const Change& change) {
    const std::lock_guard lock(mutex_);
    change(summary_);
  }
  Summary so_far() {
    const std::lock_guard lock(mutex_);
    return summary_;
  }
  void Tell(std::string line) {
    const std::lock_guard lock(mutex_);
    found_.push_back(std::move(line));
  }

  // Once: `work` on `threads` threads, `report` (it may be empty) on this one, at the end too. What
  // `work` throws ends the program.
  Summary Run(unsigned threads, const std::function<void()>& work, const Report& report) {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([this, &work] {
        work();
        const std::lock_guard lock(mutex_);
        ++finished_;
        changed_.notify_all();
      });
    }
    while (true) {
      std::unique_lock lock(mutex_);
      const bool finished =
          changed_.wait_for(lock, std::chrono::seconds(1), [&] { return finished_ == threads; });
      const std::vector<std::string> found = std::exchange(found_, {});
      Summary summary = summary_;
      summary.interrupted = stop_;
      lock.unlock();
      if (report) report(summary, found);
      if (finished) return summary;
    }
  }

 private:
  const std::atomic<bool>& stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Summary summary_;
  std::vector<std::string> found_;
  unsigned finished_ = 0;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_SURVEY_H_
