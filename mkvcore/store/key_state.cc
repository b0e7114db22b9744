#include "mkvcore/store/key_state.h"

#include <algorithm>

#include "mkvcore/format/index_keys.h"

namespace mkv {

KeyState KeyState::Read(const Index& index, std::string_view key) {
  KeyState state;
  state.key_ = key;
  state.record_bytes_ = index.Get(key);
  state.metadata_bytes_ = index.Get(MetadataKey(key));
  state.pending_bytes_ = index.Get(PendingKey(key));
  state.Decode();
  // Metadata of another record: the original's doing, or that of a writer between the two reads. A
  // batch would be refused, but files are deleted before there is one.
  if (state.object_ && state.metadata_bytes_ && !state.object_->metadata) {
    const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
    state.record_bytes_ = ValueAt(*entries, key);
    state.metadata_bytes_ = ValueAt(*entries, MetadataKey(key));
    state.pending_bytes_ = ValueAt(*entries, PendingKey(key));
    state.Decode();
  }
  return state;
}

void KeyState::Decode() {
  object_ = Object::Decode(key_, record_bytes_, metadata_bytes_);
  pending_.Clear();
  if (pending_bytes_ && !pending_.ParseFromString(*pending_bytes_)) {
    throw IndexError("the pending entry of \"" + key_ +
                     "\" can not be understood: run `mkv rebuild`");
  }
}

Generation KeyState::GreatestGeneration() const {
  Generation greatest = object_ ? object_->generation() : kPlain;
  for (const format::PendingBlob& blob : pending_.blobs()) {
    greatest = std::max<Generation>(greatest, blob.generation());
  }
  return greatest;
}

bool KeyState::IsPending(Generation generation, std::string_view volume) const {
  return FindPendingAt(generation, {std::string(volume)}).has_value();
}

std::optional<std::uint64_t> KeyState::FindPendingAt(
    Generation generation, const std::vector<std::string>& volumes) const {
  for (const format::PendingBlob& blob : pending_.blobs()) {
    if (blob.generation() != generation) continue;
    for (const auto& place : blob.places()) {
      if (Contains(volumes, place.volume())) return blob.id();
    }
  }
  return std::nullopt;
}

void KeyState::SetObject(const Record& record, format::ObjectMetadata metadata) {
  new_record_ = record.Encode();
  metadata.set_record(new_record_);
  new_metadata_ = metadata.SerializeAsString();
  change_ = Change::kSet;
}

void KeyState::SetRecord(const Record& record) {
  if (object_ && object_->metadata) {
    SetObject(record, *object_->metadata);
    return;
  }
  new_record_ = record.Encode();
  new_metadata_.reset();
  change_ = Change::kSet;
}

void KeyState::RemoveObject() { change_ = Change::kRemove; }

format::PendingBlob& KeyState::AddGarbage(const Object& object,
                                          const std::vector<std::string>& volumes, std::uint64_t id,
                                          std::int64_t not_before_us) {
  format::PendingBlob& blob = *pending_.add_blobs();
  blob.set_id(id);
  blob.set_kind(format::PendingBlob::GARBAGE);
  blob.set_generation(object.generation());
  blob.set_original_spelling(object.original_spelling());
  blob.set_sidecar(object.has_sidecar());
  blob.set_not_before_us(not_before_us);
  for (const std::string& volume : volumes) blob.add_places()->set_volume(volume);
  return blob;
}

format::PendingBlob* KeyState::FindPending(std::uint64_t id) {
  for (format::PendingBlob& blob : *pending_.mutable_blobs()) {
    if (blob.id() == id) return &blob;
  }
  return nullptr;
}

void KeyState::RemovePending(std::uint64_t id) {
  auto& blobs = *pending_.mutable_blobs();
  blobs.erase(std::remove_if(blobs.begin(), blobs.end(),
                             [id](const format::PendingBlob& blob) { return blob.id() == id; }),
              blobs.end());
}

bool KeyState::Commit(Index& index, Index::Durability durability, const Batch& along) {
  const std::string metadata_key = MetadataKey(key_);
  const std::string pending_key = PendingKey(key_);
  Batch batch = along;
  batch.Require(key_, record_bytes_);
  batch.Require(metadata_key, metadata_bytes_);
  batch.Require(pending_key, pending_bytes_);

  std::optional<std::string> record = record_bytes_;
  std::optional<std::string> metadata = metadata_bytes_;
  if (change_ == Change::kSet) {
    record = new_record_;
    // Metadata of another record: it must not come to life again should a later record equal that
    // one.
    metadata = new_metadata_;
  } else if (change_ == Change::kRemove) {
    record.reset();
    metadata.reset();
  }
  std::optional<std::string> pending;
  if (pending_.blobs_size() > 0) pending = pending_.SerializeAsString();

  const auto write = [&batch](const std::string& name, const std::optional<std::string>& value,
                              const std::optional<std::string>& before) {
    if (value == before) return;
    if (value) {
      batch.Put(name, *value);
    } else {
      batch.Delete(name);
    }
  };
  if (change_ != Change::kNone) {
    write(key_, record, record_bytes_);
    write(metadata_key, metadata, metadata_bytes_);
  }
  write(pending_key, pending, pending_bytes_);
  if (!index.Write(batch, durability)) return false;

  if (change_ != Change::kNone) object_ = Object::Decode(key_, record, metadata);
  record_bytes_ = std::move(record);
  metadata_bytes_ = std::move(metadata);
  pending_bytes_ = std::move(pending);
  change_ = Change::kNone;
  return true;
}

}  // namespace mkv
