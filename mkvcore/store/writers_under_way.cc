#include "mkvcore/store/writers_under_way.h"

#include <algorithm>
#include <functional>

namespace mkv {

WritersUnderWay::Token& WritersUnderWay::Token::operator=(Token&& other) noexcept {
  if (this != &other) {
    Release();
    owner_ = std::exchange(other.owner_, nullptr);
    key_ = std::move(other.key_);
  }
  return *this;
}

void WritersUnderWay::Token::Release() {
  if (owner_ == nullptr) return;
  Shard& shard = std::exchange(owner_, nullptr)->ShardOf(key_);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.writers.find(key_);
  if (found != shard.writers.end() && --found->second.count == 0) shard.writers.erase(found);
}

WritersUnderWay::Shard& WritersUnderWay::ShardOf(std::string_view key) {
  return shards_[std::hash<std::string_view>{}(key) % kShards];
}

WritersUnderWay::Token WritersUnderWay::TryExclusive(std::string_view key) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto [entry, inserted] = shard.writers.try_emplace(std::string(key), Writers{.count = 1});
  if (!inserted) return {};
  return {this, entry->first};
}

WritersUnderWay::Token WritersUnderWay::Shared(std::string_view key) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto entry = shard.writers.try_emplace(std::string(key)).first;
  ++entry->second.count;
  return {this, entry->first};
}

void WritersUnderWay::ReliesOn(std::string_view key, Generation generation) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.writers.find(std::string(key));
  if (found == shard.writers.end()) return;
  found->second.relied_on_at = std::max(found->second.relied_on_at, generation);
}

Generation WritersUnderWay::ReliedOnAt(std::string_view key) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.writers.find(std::string(key));
  return found == shard.writers.end() ? kPlain : found->second.relied_on_at;
}

}  // namespace mkv
