#include "mkvcore/store/reads_under_way.h"

namespace mkv {

ReadsUnderWay::Read::Read(ReadsUnderWay& owner, std::string_view key) : owner_(owner), key_(key) {
  const std::lock_guard lock(owner_.mutex_);
  owner_.reads_.emplace(key_, this);
  ++owner_.count_;
}

ReadsUnderWay::Read::~Read() {
  const std::lock_guard lock(owner_.mutex_);
  auto [read, end] = owner_.reads_.equal_range(key_);
  while (read != end && read->second != this) ++read;
  if (read == end) return;
  owner_.reads_.erase(read);
  --owner_.count_;
}

void ReadsUnderWay::Overtake(std::string_view key) {
  // Nobody is missed. Who registers looks the value up after that and finds it; the deletion that
  // came before this write had not reached the index then, so the registration was first.
  if (count_ == 0) return;
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = reads_.equal_range(std::string(key));
  for (auto read = begin; read != end; ++read) read->second->overtaken_ = true;
}

}  // namespace mkv
