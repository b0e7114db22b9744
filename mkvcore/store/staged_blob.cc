#include "mkvcore/store/staged_blob.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "mkvcore/format/index_keys.h"

namespace mkv {

StagedBlob::StagedBlob(Store& store, std::uint64_t pending_id)
    : store_(store), write_(store.index_, store.handled_, pending_id) {}

StagedBlob::~StagedBlob() {
  if (write_.Abandon()) store_.TellGarbageListener(WallClockMicros());
}

std::unique_ptr<StagedBlob> Store::Stage(std::string_view key, Source& source,
                                         const std::function<void()>& meanwhile) {
  if (!key.starts_with(kStagedPrefix)) throw std::invalid_argument("no key for a staged blob");
  ReplicaWriteRequest request;
  request.wanted = 1;
  request.md5 = false;
  request.meanwhile = meanwhile;
  const std::vector<std::string> candidates = Candidates(placement()->Order(key));
  // Not make_unique: the constructor is the store's alone. From here on, whatever happens, the
  // destructor settles the intent.
  std::unique_ptr<StagedBlob> blob(new StagedBlob(*this, generations_.Next()));
  while (true) {
    KeyState state = KeyState::Read(index_, key);
    const Generation generation =
        state.PlainPathIsFree() ? kPlain : generations_.Next(state.GreatestGeneration());
    blob->write_.Announce(state, generation, /*original_spelling=*/false, /*sidecar=*/false,
                          {candidates.front()});
    if (state.Commit(index_, Index::Durability::kOrdered)) break;
  }
  for (const std::string& volume : candidates) {
    request.candidates.push_back({volume, blob->write_.path()});
  }
  const ReplicaWriteResult result = blob->write_.Write(volumes_, source, std::move(request));
  if (!result.digest) return nullptr;
  const auto holds = std::find_if(result.attempts.begin(), result.attempts.end(),
                                  [](const auto& attempt) { return attempt.answer.ok(); });
  blob->location_ = holds->blob;
  blob->size_ = result.digest->size;
  return blob;
}

std::size_t Store::DropStaged() {
  std::vector<std::string> keys;
  const std::unique_ptr<Index::Iterator> entries = index_.NewIterator();
  for (entries->Seek(kStagedPrefix); entries->Valid() && entries->key().starts_with(kStagedPrefix);
       entries->Next()) {
    keys.emplace_back(entries->key());
  }
  entries->Check();
  std::size_t dropped = 0;
  for (const std::string& key : keys) {
    if (Remove(key, {}) == Outcome::kDone) ++dropped;
  }
  return dropped;
}

}  // namespace mkv
