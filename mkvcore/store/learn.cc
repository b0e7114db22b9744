// What the index does not know of keys that the original wrote, learned from the volumes and kept.
#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "mkvcore/store/key_state.h"
#include "mkvcore/store/store.h"

namespace mkv {

namespace {

// Keys whose replicas are asked at once: a page of a listing may have a thousand.
constexpr std::size_t kLearnedAtOnce = 64;

std::string BytesOfHex(std::string_view hex) {
  const auto nibble = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(nibble(hex[i]) << 4 | nibble(hex[i + 1]));
  }
  return bytes;
}

bool Complete(const VolumeAnswer& answer) {
  return answer.ok() && answer.content_length && answer.last_modified;
}

struct Telling {
  const VolumeAnswer* answer =
      nullptr;           // of a replica that has the size of most; the greatest of two
  bool is_sure = false;  // all that answered agree, and they are most of the replicas
};

// A replica may be cut short, and what is kept of a key is what others are compared with from then
// on.
Telling WhatMostSay(std::span<const VolumeAnswer> of_replicas) {
  std::map<std::uint64_t, std::vector<const VolumeAnswer*>> by_size;
  for (const VolumeAnswer& answer : of_replicas) {
    if (Complete(answer)) by_size[*answer.content_length].push_back(&answer);
  }
  if (by_size.empty()) return {};
  const auto most =
      std::max_element(by_size.begin(), by_size.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.size(), a.first) < std::pair(b.second.size(), b.first);
      });
  return {most->second.front(),
          by_size.size() == 1 && 2 * most->second.size() > of_replicas.size()};
}

format::ObjectMetadata Learned(const Record& record, const VolumeAnswer& answer) {
  format::ObjectMetadata metadata;
  metadata.set_size(*answer.content_length);
  metadata.set_mtime_us(*answer.last_modified * 1'000'000);
  metadata.set_md5(BytesOfHex(record.hash));
  metadata.set_record(record.Encode());
  return metadata;
}

}  // namespace

void Store::Learn(std::vector<Object>& objects) {
  std::vector<Object*> unknown;
  for (Object& object : objects) {
    if (!object.metadata) unknown.push_back(&object);
  }
  for (std::size_t begin = 0; begin < unknown.size(); begin += kLearnedAtOnce) {
    const std::size_t end = std::min(unknown.size(), begin + kLearnedAtOnce);
    LearnGroup({unknown.data() + begin, end - begin});
  }
}

void Store::LearnGroup(std::span<Object* const> objects) {
  std::vector<BlobLocation> locations;
  for (const Object* object : objects) {
    for (BlobLocation& replica : object->Replicas()) locations.push_back(std::move(replica));
  }
  const std::vector<VolumeAnswer> answers = volumes_.Head(locations);
  std::size_t next = 0;
  for (Object* object : objects) {
    const std::size_t replicas = object->record.volumes.size();
    const Telling telling = WhatMostSay({answers.data() + next, replicas});
    next += replicas;
    if (telling.answer == nullptr) continue;
    object->learned = Learned(object->record, *telling.answer);
    if (telling.is_sure) Keep(*object, *object->learned);
  }
}

void Store::Keep(const Object& object, const format::ObjectMetadata& learned) {
  // Metadata in the index says that the blob lies where we would put it.
  if (OriginalBlobPath(object.key) != BlobPath(object.key, kPlain)) return;
  KeyState state = ReadToChange(object.key);
  if (!state.object() || state.object()->metadata || state.object()->record != object.record) {
    return;
  }
  state.SetObject(object.record, learned);
  // Somebody else changed the key: what they wrote is known anyway.
  static_cast<void>(state.Commit(index_, Index::Durability::kOrdered));
}

}  // namespace mkv
