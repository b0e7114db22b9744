#include "mkvcore/store/store.h"

#include <memory>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/handling.h"
#include "mkvcore/store/key_state.h"

namespace mkv {

namespace {

// How many requests to volumes a loop has under way before it leaves changes to workers: the memory
// that it spends on them.
constexpr std::size_t kMaxLoopRequests = 512;

ObjectEntries ReadAtOneMoment(const Index& index, std::string_view key) {
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  return {ValueAt(*entries, key), ValueAt(*entries, MetadataKey(key))};
}

}  // namespace

Store::Store(Index& index, VolumeClient& volumes, std::shared_ptr<const Placement> placement,
             StoreOptions options)
    : index_(index), volumes_(volumes), options_(options), placement_(std::move(placement)) {}

Store::~Store() = default;

std::shared_ptr<const Placement> Store::placement() const {
  const std::lock_guard lock(placement_mutex_);
  return placement_;
}

void Store::SetPlacement(std::shared_ptr<const Placement> placement) {
  const std::lock_guard lock(placement_mutex_);
  placement_ = std::move(placement);
}

ObjectEntries Store::ReadEntries(std::string_view key) const {
  ObjectEntries read;
  read.record = index_.Get(key);
  if (read.record) read.metadata = index_.Get(MetadataKey(key));
  return read;
}

std::optional<Object> Store::Find(std::string_view key, ObjectEntries& read) const {
  std::optional<Object> object = Object::Decode(key, read.record, read.metadata);
  // Metadata of another record: the original's doing, or that of a writer between the two reads.
  // Only both as of one moment tell which.
  if (object && (!object->metadata || object->metadata->record() != read.record)) {
    read = ReadAtOneMoment(index_, key);
    object = Object::Decode(key, read.record, read.metadata);
  }
  return object;
}

std::optional<Object> Store::Find(std::string_view key) const {
  ObjectEntries read = ReadEntries(key);
  return Find(key, read);
}

Store::EntryStamps Store::StampsOf(std::string_view key) const {
  return {index_.StampOf(key), index_.StampOf(MetadataKey(key))};
}

KeyState Store::ReadToChange(std::string_view key) {
  KeyState state = KeyState::Read(index_, key);
  if (const std::optional<Object> leftover = state.leftover()) {
    const std::int64_t not_before =
        WallClockMicros() + std::chrono::microseconds(options_.garbage_delay).count();
    state.QueueLeftover(*leftover, generations_.Next(), not_before);
    TellGarbageListener(not_before);
  }
  return state;
}

bool Store::MayChangeOnLoop(const LoopVolumeClient& volumes) const {
  return volumes.under_way() < kMaxLoopRequests && volumes.takes_puts() && !index_.MayStall();
}

void Store::SetGarbageListener(std::function<void(std::int64_t)> listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void Store::SetBadReplicaListener(BadReplicaListener listener) {
  const std::lock_guard lock(listener_mutex_);
  bad_replica_listener_ = std::move(listener);
}

void Store::ReportBadReplicas(const std::string& key, const std::vector<std::string>& volumes) {
  const std::lock_guard lock(listener_mutex_);
  if (bad_replica_listener_) bad_replica_listener_(key, volumes);
}

void Store::TellGarbageListener(std::int64_t not_before_us) {
  const std::lock_guard lock(listener_mutex_);
  if (listener_) listener_(not_before_us);
}

}  // namespace mkv
