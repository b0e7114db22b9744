#include "mkvcore/store/key_state.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/store/generation_clock.h"

namespace mkv {

namespace {

// Of a key: its record, its metadata, and what is pending of it. Batches of garbage come to these.
constexpr std::size_t kEntries = 3;

format::Pending ParsePending(std::string_view key, const std::optional<std::string>& bytes) {
  format::Pending pending;
  if (bytes && !pending.ParseFromString(*bytes)) {
    throw IndexError("the pending entry of \"" + std::string(key) +
                     "\" can not be understood: run `mkv rebuild`");
  }
  return pending;
}

}  // namespace

KeyState KeyState::Read(const Index& index, std::string_view key) {
  KeyState state;
  state.key_ = key;
  Stamps& stamps = state.stamps_;
  state.read_.record = index.GetStamped(key, &stamps.record);
  state.read_.metadata = index.GetStamped(MetadataKey(key), &stamps.metadata);
  state.read_.pending = index.GetStamped(PendingKey(key), &stamps.pending);
  state.Decode();
  // Metadata of another record: the original's doing, or that of a writer between the two reads. A
  // batch would be refused, but files are deleted before there is one.
  if (!state.ReadTogether()) {
    const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
    stamps = {};
    state.read_.record = ValueAt(*entries, key);
    state.read_.metadata = ValueAt(*entries, MetadataKey(key));
    state.read_.pending = ValueAt(*entries, PendingKey(key));
    state.Decode();
  }
  return state;
}

bool KeyState::ReadTogether() const {
  if (!read_.metadata) return true;
  return object_ && object_->metadata && object_->metadata->record() == read_.record;
}

void KeyState::Decode() {
  object_ = Object::Decode(key_, read_.record, read_.metadata);
  pending_ = ParsePending(key_, read_.pending);
}

std::optional<Object> KeyState::leftover() const {
  if (!read_.metadata || (object_ && object_->metadata)) return std::nullopt;
  return Object::DecodeLeftover(key_, read_.record, read_.metadata);
}

format::Pending KeyState::AllPending(const Index& index, std::string_view key) {
  const std::unique_ptr<Index::Iterator> entries = index.NewIterator();
  format::Pending all = ParsePending(key, ValueAt(*entries, PendingKey(key)));
  std::uint32_t batches = all.garbage_batches();
  if (batches == 0) return all;
  // Batches of other keys may lie between.
  const std::string first = GarbageKey(key, 0);
  const std::string_view prefix = std::string_view(first).substr(0, first.find_last_of('.') + 1);
  for (entries->Seek(first); batches > 0 && entries->Valid() && entries->key().starts_with(prefix);
       entries->Next()) {
    const std::optional<GarbageKeyParts> parts = ParseGarbageKey(entries->key());
    if (!parts || parts->key != key) continue;
    all.MergeFrom(ParsePending(key, std::string(entries->value())));
    --batches;
  }
  entries->Check();
  return all;
}

void KeyState::ReadBatch(const Index& index, std::uint64_t batch) {
  std::optional<std::string> bytes = index.Get(GarbageKey(key_, batch));
  format::Pending content = ParsePending(key_, bytes);
  batches_.push_back({batch, std::move(bytes), std::move(content)});
}

std::vector<format::PendingBlob*> KeyState::PendingBlobs() {
  std::vector<format::PendingBlob*> all;
  for (format::PendingBlob& blob : *pending_.mutable_blobs()) all.push_back(&blob);
  for (GarbageBatch& batch : batches_) {
    for (format::PendingBlob& blob : *batch.content.mutable_blobs()) all.push_back(&blob);
  }
  return all;
}

Generation KeyState::GreatestGeneration() const {
  Generation greatest = object_ ? object_->generation() : kPlain;
  greatest = std::max<Generation>(greatest, pending_.greatest_in_batches());
  for (const format::PendingBlob& blob : pending_.blobs()) {
    greatest = std::max<Generation>(greatest, blob.generation());
  }
  return greatest;
}

Generation KeyState::NextAfterObject() const {
  Generation next = std::max<Generation>(object_ ? object_->generation() : kPlain,
                                         pending_.greatest_in_batches()) +
                    1;
  const auto is_pending = [this](Generation generation) {
    return std::any_of(pending_.blobs().begin(), pending_.blobs().end(),
                       [generation](const auto& blob) { return blob.generation() == generation; });
  };
  while (is_pending(next)) ++next;
  return next;
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
  new_generation_ = metadata.generation();
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
  new_generation_ = kPlain;
  new_metadata_.reset();
  change_ = Change::kSet;
}

void KeyState::RemoveObject() { change_ = Change::kRemove; }

format::PendingBlob& KeyState::AddGarbage(const Object& object,
                                          const std::vector<std::string>& volumes, std::uint64_t id,
                                          std::int64_t not_before_us) {
  // An entry that waits for what may still land of this blob (blob_write.h) deletes it as well, now
  // that it is no value: not before its readers are done with it.
  for (format::PendingBlob& other : *pending_.mutable_blobs()) {
    if (other.kind() != format::PendingBlob::GARBAGE || other.only_sidecar()) continue;
    if (other.generation() != object.generation()) continue;
    other.set_not_before_us(std::max(other.not_before_us(), not_before_us));
  }
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

void KeyState::QueueLeftover(const Object& leftover, std::uint64_t id, std::int64_t not_before_us) {
  format::PendingBlob& garbage = AddGarbage(leftover, leftover.record.volumes, id, not_before_us);
  garbage.set_only_sidecar(leftover.generation() == kPlain);
  leftover_queued_ = true;
}

format::PendingBlob* KeyState::FindPending(std::uint64_t id) {
  for (format::PendingBlob* const blob : PendingBlobs()) {
    if (blob->id() == id) return blob;
  }
  return nullptr;
}

void KeyState::RemovePending(std::uint64_t id) {
  const auto remove_from = [id](format::Pending& pending) {
    auto& blobs = *pending.mutable_blobs();
    blobs.erase(std::remove_if(blobs.begin(), blobs.end(),
                               [id](const format::PendingBlob& blob) { return blob.id() == id; }),
                blobs.end());
  };
  remove_from(pending_);
  for (GarbageBatch& batch : batches_) remove_from(batch.content);
}

Generation KeyState::GenerationToBe() const {
  if (change_ == Change::kSet) return new_generation_;
  return object_ ? object_->generation() : GreatestGeneration();
}

void KeyState::MoveGarbageOut() {
  if (pending_.blobs_size() <= kMostBlobs) return;
  const Generation to_be = GenerationToBe();
  const std::int64_t now = WallClockMicros();
  // Nobody but the garbage collector has anything to do with these any more. The plain path is
  // excepted: the original may put a value there at any time.
  const auto stays = [to_be, now](const format::PendingBlob& blob) {
    return blob.kind() != format::PendingBlob::GARBAGE || blob.only_sidecar() ||
           blob.not_before_us() <= now || blob.generation() == kPlain || blob.generation() >= to_be;
  };
  auto& blobs = *pending_.mutable_blobs();
  const auto first_moved = std::stable_partition(blobs.begin(), blobs.end(), stays);
  if (first_moved == blobs.end()) return;

  GarbageBatch moved;
  moved.number = first_moved->id();
  for (auto blob = first_moved; blob != blobs.end(); ++blob) {
    pending_.set_greatest_in_batches(
        std::max<Generation>(pending_.greatest_in_batches(), blob->generation()));
    moved.content.add_blobs()->Swap(&*blob);
  }
  blobs.erase(first_moved, blobs.end());
  pending_.set_garbage_batches(pending_.garbage_batches() + 1);
  batches_.push_back(std::move(moved));
}

KeyState::Entries KeyState::AddTo(Batch& batch) {
  const std::string metadata_key = MetadataKey(key_);
  const std::string pending_key = PendingKey(key_);
  batch.Require(key_, read_.record, stamps_.record);
  batch.Require(metadata_key, read_.metadata, stamps_.metadata);
  batch.Require(pending_key, read_.pending, stamps_.pending);
  MoveGarbageOut();

  Entries entries;
  if (change_ == Change::kSet) {
    entries.record = new_record_;
    // Metadata of another record: it must not come to life again should a later record equal that
    // one.
    entries.metadata = new_metadata_;
  } else if (change_ == Change::kNone) {
    entries.record = read_.record;
    if (!leftover_queued_) entries.metadata = read_.metadata;
  }
  const auto write = [&batch](const std::string& name, const std::optional<std::string>& value,
                              const std::optional<std::string>& before) {
    if (value == before) return;
    if (value) {
      batch.Put(name, *value);
    } else {
      batch.Delete(name);
    }
  };
  write(key_, entries.record, read_.record);
  write(metadata_key, entries.metadata, read_.metadata);
  for (GarbageBatch& garbage : batches_) {
    const std::string name = GarbageKey(key_, garbage.number);
    batch.Require(name, garbage.bytes);
    std::optional<std::string> bytes;
    if (garbage.content.blobs_size() > 0) bytes = garbage.content.SerializeAsString();
    if (garbage.bytes && !bytes && pending_.garbage_batches() > 0) {
      pending_.set_garbage_batches(pending_.garbage_batches() - 1);
    }
    write(name, bytes, garbage.bytes);
  }
  if (HasPending(pending_)) entries.pending = pending_.SerializeAsString();
  write(pending_key, entries.pending, read_.pending);
  return entries;
}

void KeyState::Become(Entries entries, Stamp stamp) {
  if (change_ != Change::kNone) object_ = Object::Decode(key_, entries.record, entries.metadata);
  read_ = std::move(entries);
  stamps_ = {stamp, stamp, stamp};
  batches_.clear();
  change_ = Change::kNone;
  leftover_queued_ = false;
}

bool KeyState::Commit(Index& index, Index::Durability durability, const Batch& along) {
  Batch batch = along;
  batch.Reserve(kEntries, kEntries);
  Entries entries = AddTo(batch);
  const std::optional<Stamp> stamp = index.Write(batch, durability);
  if (!stamp) return false;
  Become(std::move(entries), *stamp);
  return true;
}

bool KeyState::CommitTogether(Index& index, Index::Durability durability,
                              const std::vector<KeyState*>& states) {
  Batch batch;
  batch.Reserve(kEntries * states.size(), kEntries * states.size());
  std::vector<Entries> entries;
  entries.reserve(states.size());
  std::set<std::string_view> keys;
  for (KeyState* const state : states) {
    if (!keys.insert(state->key()).second) throw std::logic_error("a key twice in one batch");
    entries.push_back(state->AddTo(batch));
  }
  const std::optional<Stamp> stamp = index.Write(batch, durability);
  if (!stamp) return false;
  for (std::size_t i = 0; i < states.size(); ++i) states[i]->Become(std::move(entries[i]), *stamp);
  return true;
}

}  // namespace mkv
