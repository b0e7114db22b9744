#include "mkvcore/store/value_reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "mkvcore/store/unchecked_read.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"

namespace mkv {
namespace {

// Of an answer that did not give what was to be read: that the replica is missing, or of another
// length. Any other status tells of the volume, as 403 does of one with another key.
bool TellsOfTheReplica(const VolumeAnswer& answer) {
  constexpr int kRangeNotSatisfiable = 416;
  return answer.ok() || answer.missing() ||
         (answer.delivery == VolumeAnswer::Delivery::kAnswered &&
          answer.status == kRangeNotSatisfiable);
}

}  // namespace

ValueReader::ValueReader(Store& store, const Object& object, std::uint64_t size)
    : store_(store), object_(object), replicas_(object.Replicas()), size_(size) {
  if (object.metadata && object.metadata->has_crc32c()) crc32c_ = object.metadata->crc32c();
  const VolumeHealth& health = store.volumes().health();
  std::stable_partition(replicas_.begin(), replicas_.end(), [&health](const BlobLocation& replica) {
    return !health.IsDown(replica.volume);
  });
}

void ValueReader::Read(std::uint64_t offset, std::uint64_t length,
                       const std::function<void(std::string_view piece)>& sink) {
  VolumeClient& client = store_.volumes();
  const bool check = offset == 0 && length == size_ && crc32c_.has_value();
  std::optional<UncheckedRead> unchecked;
  if (!check) unchecked.emplace(store_, object_);
  std::uint64_t read = 0;
  std::uint32_t crc32c = 0;
  std::string last;          // withheld until all of it is known to be the value
  bool handed_over = false;  // something of it
  bool damaged = false;
  std::string error = "the value has no replica";

  for (auto at = replicas_.begin(); at != replicas_.end() && read < length;) {
    const BlobLocation& replica = *at;
    const std::uint64_t began_at = read;
    const std::string range =
        std::to_string(offset + read) + "-" + std::to_string(offset + length - 1);
    const bool whole = offset + read == 0 && length == size_;
    const VolumeAnswer answer =
        client.Get(replica, whole ? "" : range, [&](std::string_view piece) {
          if (piece.size() > length - read) return false;  // longer than the value: not ours
          if (check) crc32c = Crc32c(piece, crc32c);
          read += piece.size();
          if (read == length) {
            last = piece;
          } else {
            handed_over = true;
            sink(piece);
          }
          return true;
        });
    if (read == length) {
      if (!check || crc32c == *crc32c_) break;
      bad_volumes_.push_back(replica.volume);
      error = "the replica " + client.UrlOf(replica) + " is damaged";
      spdlog::warn("read: {}", error);
      damaged = true;
      if (handed_over) throw ReadError(error, damaged);
      read = 0;  // nobody has seen any of it
      crc32c = 0;
      last.clear();
      ++at;
      continue;
    }
    if (answer.held_up && read > began_at) continue;
    ++at;
    error = client.UrlOf(replica) + ": " +
            (answer.error.empty() ? "status " + std::to_string(answer.status) : answer.error);
    spdlog::warn("read: {} after {} of {} bytes", error, read, length);
    if (TellsOfTheReplica(answer)) bad_volumes_.push_back(replica.volume);
  }
  if (read != length) throw ReadError(error, damaged);
  if (unchecked) unchecked->Confirm();
  if (!last.empty()) sink(last);
}

}  // namespace mkv
