// What the index does not know of keys that the original wrote, learned from the volumes and kept.
#include <algorithm>

#include "mkvcore/store/key_state.h"
#include "mkvcore/store/store.h"

namespace mkv {

namespace {

// HEADs sent at once: a page of a listing may ask for a thousand keys.
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
  // The first replica of each, then, of those that it did not tell, the second, and so on.
  std::vector<Object*> asking(objects.begin(), objects.end());
  for (std::size_t replica = 0; !asking.empty(); ++replica) {
    std::vector<Object*> asked;
    std::vector<BlobLocation> locations;
    for (Object* object : asking) {
      if (replica >= object->record.volumes.size()) continue;
      asked.push_back(object);
      locations.push_back(object->Replicas()[replica]);
    }
    const std::vector<VolumeAnswer> answers = volumes_.Head(locations);
    asking.clear();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (Complete(answers[i])) {
        Keep(*asked[i], answers[i]);
      } else {
        asking.push_back(asked[i]);
      }
    }
  }
}

void Store::Keep(Object& object, const VolumeAnswer& answer) {
  format::ObjectMetadata metadata;
  metadata.set_size(*answer.content_length);
  metadata.set_mtime_us(*answer.last_modified * 1'000'000);
  metadata.set_md5(BytesOfHex(object.record.hash));
  metadata.set_record(object.record.Encode());
  // Metadata in the index says that the blob lies where we would put it.
  if (OriginalBlobPath(object.key) == BlobPath(object.key, kPlain)) {
    KeyState state = KeyState::Read(index_, object.key);
    if (state.object() && !state.object()->metadata && state.object()->record == object.record) {
      state.SetObject(object.record, metadata);
      // Somebody else changed the key: what they wrote is known anyway.
      static_cast<void>(state.Commit(index_, Index::Durability::kOrdered));
    }
  }
  object.learned = std::move(metadata);
}

}  // namespace mkv
