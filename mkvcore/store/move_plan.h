// A key on its way to the volumes where it belongs: what the steps of that (rebalance_key.cc) hand
// on to one another, for a key by itself or for several together (rebalance_together.cc). Private
// to the store.
#ifndef MKVCORE_STORE_MOVE_PLAN_H_
#define MKVCORE_STORE_MOVE_PLAN_H_

#include <spdlog/fmt/fmt.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/store/blob_write.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/value_hasher.h"

namespace mkv {

// A replica up to this size is read whole before it is written: over connections that are kept, and
// again if one has just been closed. Streaming needs a fresh one for each volume, which costs more
// than a small value does.
inline constexpr std::uint64_t kMaxHeldReplica = 64 << 10;

struct Store::MovePlan {
  explicit MovePlan(Store& store)
      : placement(store.placement()),
        copy(store.index_, store.handled_, store.generations_.Next()) {}

  const std::shared_ptr<const Placement> placement;
  Object object{};
  std::map<std::string, VolumeAnswer> answers{};  // to a HEAD of its blob, by volume
  bool unasked = false;                           // nobody has asked the volumes what they have
  std::vector<std::string> targets{};             // where the key will be, in placement order
  std::vector<std::string> holders{};  // of the record's volumes, those that have the blob
  std::vector<std::string> missing{};  // targets that do not
  std::vector<std::string> damaged{};  // holders whose blob turned out not to be the value
  bool away = false;                   // a target only takes the place of one that is not there
  std::uint64_t size = 0;              // of the value
  BlobWrite copy;

  bool in_place() const { return missing.empty() && targets == object.record.volumes; }

  // Whom to ask, unless the targets can be chosen unasked.
  std::vector<std::string> VolumesToAsk() const {
    std::vector<std::string> volumes = placement->Choose(object.key);
    for (const std::string& volume : object.record.volumes) {
      if (!Contains(volumes, volume)) volumes.push_back(volume);
    }
    return volumes;
  }
  std::vector<BlobLocation> Missing(const std::string& path) const { return At(missing, path); }
  std::vector<BlobLocation> Holders(const std::string& path) const { return At(holders, path); }

 private:
  static std::vector<BlobLocation> At(const std::vector<std::string>& volumes,
                                      const std::string& path) {
    std::vector<BlobLocation> locations;
    for (const std::string& volume : volumes) locations.push_back({volume, path});
    return locations;
  }
};

// Whether what passes is the value that the index knows, as far as it knows it.
class ValueCheck {
 public:
  explicit ValueCheck(const Object& object)
      : object_(object), hasher_(/*md5=*/!KnowsCrc() && !object.record.hash.empty()) {}

  void Update(std::string_view bytes) { hasher_.Update(bytes); }
  // At the end, once.
  bool Holds() {
    if (object_.metadata && object_.metadata->size() != hasher_.size()) return false;
    if (KnowsCrc()) return object_.metadata->crc32c() == hasher_.crc32c();
    const auto md5 = hasher_.TakeMd5();
    return !md5 || fmt::format("{:02x}", fmt::join(*md5, "")) == object_.record.hash;
  }

 private:
  bool KnowsCrc() const { return object_.metadata && object_.metadata->has_crc32c(); }

  const Object& object_;
  ValueHasher hasher_;
};

}  // namespace mkv

#endif  // MKVCORE_STORE_MOVE_PLAN_H_
