// How many bytes all bodies collected on loops may take together. Thread-safe.
#ifndef MKVCORE_HTTP_COLLECT_BUDGET_H_
#define MKVCORE_HTTP_COLLECT_BUDGET_H_

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace mkv::http {

class CollectBudget {
 public:
  // A part of the budget, given back on destruction. Does not outlive the budget.
  class Share {
   public:
    Share(Share&& other) noexcept
        : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() { budget_->left_.fetch_add(bytes_, std::memory_order_relaxed); }

   private:
    friend class CollectBudget;
    Share(CollectBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
    CollectBudget* budget_;
    std::size_t bytes_;
  };

  explicit CollectBudget(std::size_t bytes) : left_(bytes) {}

  std::optional<Share> TryTake(std::size_t bytes) {
    std::size_t left = left_.load(std::memory_order_relaxed);
    do {
      if (left < bytes) return std::nullopt;
    } while (!left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed));
    return Share(this, bytes);
  }

 private:
  std::atomic<std::size_t> left_;
};

}  // namespace mkv::http

#endif  // MKVCORE_HTTP_COLLECT_BUDGET_H_
