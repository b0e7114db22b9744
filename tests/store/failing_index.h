// An index that takes only some writes more, lets something happen before one of them, and counts
// them and its syncs.
#ifndef TESTS_STORE_FAILING_INDEX_H_
#define TESTS_STORE_FAILING_INDEX_H_

#include <atomic>
#include <climits>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mkvcore/index/index.h"

namespace mkv::testing {

class FailingIndex : public Index {
 public:
  explicit FailingIndex(Index& index) : index_(index) {}

  void FailAfter(int writes) { left_ = writes; }
  void Heal() { left_ = INT_MAX; }
  // Once, before the write that comes after so many more. To be called while nobody writes.
  void BeforeWriteAfter(int writes, std::function<void()> happens) {
    happens_at_ = writes_ + writes;
    happens_ = std::move(happens);
  }
  int writes() const { return writes_; }
  int syncs() const { return syncs_; }

  std::optional<std::string> Get(std::string_view key) const override { return index_.Get(key); }
  std::optional<std::string> GetStamped(std::string_view key, Stamp* stamp) const override {
    return index_.GetStamped(key, stamp);
  }
  std::unique_ptr<Iterator> NewIterator() const override { return index_.NewIterator(); }
  [[nodiscard]] std::optional<Stamp> Write(const Batch& batch, Durability durability) override {
    if (left_-- <= 0) throw IndexError("on purpose");
    if (writes_++ == happens_at_) std::exchange(happens_, {})();
    return index_.Write(batch, durability);
  }
  bool MayStall() const override { return index_.MayStall(); }
  void Sync() override {
    ++syncs_;
    index_.Sync();
  }

 private:
  Index& index_;
  std::atomic<int> left_ = INT_MAX;
  std::atomic<int> writes_ = 0;
  std::atomic<int> syncs_ = 0;
  int happens_at_ = -1;
  std::function<void()> happens_;
};

}  // namespace mkv::testing

#endif  // TESTS_STORE_FAILING_INDEX_H_
