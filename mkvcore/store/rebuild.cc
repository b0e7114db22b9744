#include "mkvcore/store/rebuild.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/sidecar.h"
#include "mkvcore/store/found_key.h"
#include "mkvcore/store/generation_clock.h"
#include "mkvcore/store/index_replacement.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/object.h"
#include "mkvcore/store/progress.h"
#include "mkvcore/store/quoted_key.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "mkvcore/volumes/volume_problem.h"

namespace mkv {
namespace {

constexpr unsigned kFoldersOfOne = 256;
constexpr std::size_t kExamplesOfAKind = 10;
// A folder rarely has more than a few keys, and a write costs more than they do; the more of them,
// the nearer to each other they lie in the index.
constexpr std::size_t kEntriesOfAWrite = 4000;
// That are kept in memory: they are few, unless clients wrote up to the end.
constexpr std::size_t kMostPendingKeys = 100'000;
constexpr std::chrono::milliseconds kProgressInterval{200};

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (char c : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// A replica that the record names is part of the value though a request of ours may land there yet,
// as the garbage collector has it.
void DropThoseOfTheValue(const Object& object, format::Pending* pending) {
  for (format::PendingBlob& blob : *pending->mutable_blobs()) {
    auto& places = *blob.mutable_places();
    places.erase(std::remove_if(places.begin(), places.end(),
                                [&](const auto& place) {
                                  return place.unanswered() &&
                                         object.RefersTo(blob.generation(),
                                                         blob.original_spelling(), place.volume());
                                }),
                 places.end());
  }
}

// Whether all replicas that the record names are queued for deletion.
bool IsDoomed(const Object& object, const format::Pending& pending) {
  const auto is_doomed = [&](const std::string& volume) {
    return std::any_of(
        pending.blobs().begin(), pending.blobs().end(), [&](const format::PendingBlob& blob) {
          return !blob.only_sidecar() && blob.generation() == object.generation() &&
                 blob.original_spelling() == object.original_spelling() &&
                 std::any_of(blob.places().begin(), blob.places().end(),
                             [&](const auto& place) { return place.volume() == volume; });
        });
  };
  return std::all_of(object.record.volumes.begin(), object.record.volumes.end(), is_doomed);
}

// What the old index says of one key.
struct OldEntry {
  std::optional<Object> object;
  std::optional<Object> leftover;
  format::Pending pending;
};

// The work of Rebuild(), shared by its threads.
class Rebuilder {
 public:
  Rebuilder(VolumeClient& volumes, const Placement& placement, const RebuildOptions& options,
            const std::atomic<bool>& stop)
      : volumes_(volumes),
        placement_(placement),
        options_(options),
        stop_(stop),
        indexes_(options.index_folder),
        walk_(volumes, placement, options.walk, stopping_) {}

  RebuildSummary Run(const std::function<void(const RebuildSummary&)>& progress) {
    old_index_ready_ = std::async(std::launch::async, [this] { PrepareOldIndex(); }).share();
    std::vector<std::string> foreign;
    walk_.FindSubvolumes(&foreign);
    CountForeign(foreign);
    Work(progress);
    if (error_) std::rethrow_exception(error_);
    old_index_ready_.get();
    FindWhatIsLacking();
    if (stop_) throw Interrupted();
    summary_.old_index_kept = indexes_.TakePlace(/*keep_old=*/summary_.lacks());
    return summary_;
  }

 private:
  // Opening it is work for one thread: the others list meanwhile.
  void PrepareOldIndex() {
    indexes_.OpenOld();
    {
      const std::lock_guard lock(mutex_);
      summary_.old_index_read = indexes_.old() != nullptr;
      if (!indexes_.why_unreadable().empty()) AddExample("old index", indexes_.why_unreadable());
    }
    CarryPendingOver();
  }
  bool OldIndexIsReady() const {
    return old_index_ready_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  // All threads take one first byte of the folders' names after the other.
  void Work(const std::function<void(const RebuildSummary&)>& progress) {
    unsigned running = std::clamp(options_.threads, 1U, VolumeWalk::kFirstBytes);
    std::vector<std::jthread> threads;
    for (unsigned i = running; i > 0; --i) {
      threads.emplace_back([this, &running] {
        try {
          InHand in_hand;
          for (unsigned first = 0;
               !stopping_ && (first = next_first_byte_++) < VolumeWalk::kFirstBytes;) {
            RebuildFoldersBelow(first, &in_hand);
          }
          RebuildWaiting(&in_hand);
          Write(in_hand.batch);
        } catch (...) {
          const std::lock_guard lock(mutex_);
          if (!error_) error_ = std::current_exception();
          stopping_ = true;
        }
        const std::lock_guard lock(mutex_);
        --running;
        finished_.notify_one();
      });
    }
    std::unique_lock lock(mutex_);
    while (running > 0) {
      finished_.wait_for(lock, kProgressInterval);
      if (stop_) stopping_ = true;
      if (!progress) continue;
      const RebuildSummary now = summary_;
      lock.unlock();
      progress(now);
      lock.lock();
    }
  }

  // What a thread has listed and not yet written.
  struct InHand {
    std::vector<VolumeWalk::File> waiting;  // for the old index
    Batch batch;
  };

  void RebuildFoldersBelow(unsigned first_byte, InHand* in_hand) {
    std::vector<std::string> foreign;
    const std::vector<VolumeWalk::Folder> folders = walk_.FoldersBelow(first_byte, &foreign);
    walk_.VisitFiles(
        folders, &foreign,
        [&](std::span<const VolumeWalk::Folder> some, const std::vector<VolumeWalk::File>& files) {
          std::vector<VolumeWalk::File>& waiting = in_hand->waiting;
          if (!OldIndexIsReady() && waiting.size() + files.size() <= VolumeWalk::kFilesAtOnce) {
            waiting.insert(waiting.end(), files.begin(), files.end());
          } else {
            RebuildWaiting(in_hand);
            RebuildKeysOf(files, &in_hand->batch);
          }
          const std::lock_guard lock(mutex_);
          summary_.folders_done += some.size();
        });
    CountForeign(foreign);
    // The others are on no volume.
    const std::lock_guard lock(mutex_);
    summary_.folders_done += kFoldersOfOne - folders.size();
  }

  void RebuildWaiting(InHand* in_hand) {
    RebuildKeysOf(std::exchange(in_hand->waiting, {}), &in_hand->batch);
  }

  // Nobody else writes this index, and the batch requires nothing: it is never refused.
  void Write(const Batch& batch) {
    if (!batch.empty()) (void)indexes_.replacement().Write(batch, Index::Durability::kOrdered);
  }

  // `files` has all those of its keys, for a key's files lie in folders of one name.
  void RebuildKeysOf(const std::vector<VolumeWalk::File>& files, Batch* batch) {
    std::vector<std::string> foreign;
    std::map<std::string, FoundKey> keys;
    for (const VolumeWalk::File& file : files) {
      const std::string& volume = walk_.subvolumes()[file.subvolume];
      const std::optional<ParsedBlobPath> parsed = ParseBlobPath(file.path);
      // A key of the store begins with a slash; any other could be an entry of another kind.
      if (!parsed || !parsed->key.starts_with('/')) {
        foreign.push_back(volume + file.path);
        continue;
      }
      FoundKey& found = keys[parsed->key];
      found.key = parsed->key;
      (parsed->sidecar ? found.sidecars : found.blobs)
          .push_back(
              {volume, parsed->generation, parsed->original_spelling, file.size, file.mtime});
    }
    CountForeign(foreign);
    if (!keys.empty()) old_index_ready_.get();
    for (const auto& [key, found] : keys) {
      if (stopping_) return;
      RebuildKey(found, batch);
      if (batch->changes().size() >= kEntriesOfAWrite) Write(std::exchange(*batch, {}));
    }
  }

  void RebuildKey(const FoundKey& found, Batch* batch) {
    OldEntry old = ReadOld(found.key);
    QueueLeftover(found.key, old);
    const Choice choice = ChooseBlob(found, placement_, old.pending, old.object);
    Count(found, choice);
    if (!choice.blob) return;
    const ChosenBlob& blob = *choice.blob;
    const std::string path = blob.Path(found.key);

    Record record;
    record.volumes = blob.volumes;
    format::ObjectMetadata metadata;
    bool known_before = old.object && old.object->Path() == path;
    // Of another size, what the old index says of it is not true of it.
    const bool unchanged =
        known_before && (!old.object->metadata || old.object->metadata->size() == blob.size);
    if (unchanged && old.object->metadata) metadata = *old.object->metadata;
    DescribeBlob(blob, &metadata);
    if (unchanged) {
      record.hash = old.object->record.hash;
      if (metadata.md5().empty()) metadata.set_md5(FromHex(record.hash));
    }
    bool damaged = known_before && !unchanged;
    if (damaged && blob.complete) {
      // As many replicas as there should be agree: the key was deleted since, and written again.
      // But files without a byte are what a power cut leaves, on all volumes at once if they share
      // it.
      known_before = false;
      damaged = blob.size == 0;
    }
    // Nothing in a listing proves that the old index knows the latest revision: all are read.
    const std::uint64_t known_revision = unchanged ? SidecarRevision(metadata) : 0;
    const std::string known_md5 = unchanged ? metadata.md5() : "";
    if (!blob.sidecars.empty() && ReadSidecar(found.key, blob, known_revision, &metadata)) {
      DescribeBlob(blob, &metadata);
      // Another value that came to lie where the old one was: deleted, and written again.
      const bool is_another =
          !known_md5.empty() && !metadata.md5().empty() && metadata.md5() != known_md5;
      if (is_another) known_before = false;
      if (is_another || !unchanged) record.hash = Hex(metadata.md5());
    }
    if (known_before) record.unlinked = old.object->record.unlinked;
    if (options_.rehash) Rehash(path, &record, &metadata);

    batch->Put(found.key, record.Encode());
    // Metadata would say that the blob lies at BlobPath().
    if (!blob.original_spelling) {
      metadata.set_record(record.Encode());
      batch->Put(MetadataKey(found.key), metadata.SerializeAsString());
    }
    const std::lock_guard lock(mutex_);
    if (damaged) {
      ++summary_.damaged;
      AddExample("damaged value", found.key + " has " + std::to_string(blob.size) + " bytes, not " +
                                      std::to_string(old.object->metadata->size()));
    }
    ++summary_.keys;
    summary_.unlinked += record.unlinked ? 1 : 0;
    summary_.unknown_before += known_before ? 0 : 1;
  }

  // What the original deleted, or put another value beside, stays deleted. On the plain path it may
  // have written since, where the old index is a backup.
  void QueueLeftover(const std::string& key, OldEntry& old) {
    if (!old.leftover || old.leftover->generation() == kPlain) return;
    KeyState state = KeyState::Read(indexes_.replacement(), key);
    state.QueueLeftover(*old.leftover, clock_.Next(), /*not_before_us=*/0);
    *old.pending.add_blobs() = *state.pending().blobs().rbegin();
    // As in Write().
    (void)state.Commit(indexes_.replacement(), Index::Durability::kOrdered);
  }

  // What the listings themselves tell.
  static void DescribeBlob(const ChosenBlob& blob, format::ObjectMetadata* metadata) {
    metadata->set_size(blob.size);
    metadata->set_generation(blob.generation);
    metadata->set_sidecar(!blob.sidecars.empty());
    if (metadata->mtime_us() == 0) metadata->set_mtime_us(blob.mtime * 1'000'000);
  }

  OldEntry ReadOld(const std::string& key) {
    OldEntry entry;
    const Index* old = indexes_.old();
    if (old == nullptr) return entry;
    try {
      const std::optional<std::string> record = old->Get(key);
      const std::optional<std::string> metadata = old->Get(MetadataKey(key));
      entry.object = Object::Decode(key, record, metadata);
      if (!pending_keys_ || pending_keys_->contains(key)) {
        entry.pending = KeyState::AllPending(*old, key);
        if (entry.object) DropThoseOfTheValue(*entry.object, &entry.pending);
      }
      if (metadata && !(entry.object && entry.object->metadata)) {
        entry.leftover = Object::DecodeLeftover(key, record, metadata);
      }
    } catch (const IndexError& error) {
      LoseOldEntry(error.what());
    }
    return entry;
  }

  // All that is neither a record nor metadata goes along unread: pending entries, and what a later
  // version of this program may add.
  void CarryPendingOver() {
    if (indexes_.old() == nullptr) return;
    try {
      const auto entry = indexes_.old()->NewIterator();
      for (entry->Seek(""); entry->Valid();) {
        if (entry->key().starts_with('/')) {
          entry->Seek("0");  // the first key after all that begin with '/'
          continue;
        }
        if (entry->key().starts_with(MetadataKey("/"))) {
          entry->Seek(MetadataKey("0"));
          continue;
        }
        NotePending(entry->key());
        Batch batch;
        batch.Put(entry->key(), entry->value());
        Write(batch);
        entry->Next();
      }
    } catch (const IndexCorrupted& error) {
      pending_keys_.reset();
      LoseOldEntry(error.what());
    }
  }

  void NotePending(std::string_view index_key) {
    if (!pending_keys_ || !index_key.starts_with(kPendingPrefix)) return;
    pending_keys_->emplace(index_key.substr(kPendingPrefix.size()));
    if (pending_keys_->size() > kMostPendingKeys) pending_keys_.reset();
  }

  // Of several revisions, which a crash can leave, the greatest counts. False, and `metadata` stays
  // as it is, when that is not greater than `known`, or can not be had.
  bool ReadSidecar(const std::string& key, const ChosenBlob& blob, std::uint64_t known,
                   format::ObjectMetadata* metadata) {
    if (!options_.read_sidecar) return false;
    std::optional<std::uint64_t> newest;
    std::string content;
    std::string error;
    const std::string path = SidecarPath(key, blob.generation);
    for (const std::string& volume : blob.sidecars) {
      std::string body;
      const BlobLocation place{volume, path};
      const VolumeAnswer answer = volumes_.GetWhole(place, options_.sidecar_bytes, &body);
      const auto sidecar = answer.ok() ? DecodeSidecar(body) : std::nullopt;
      if (!sidecar) {
        error =
            volumes_.UrlOf(place) + ": " + (answer.ok() ? "it is no sidecar" : ProblemOf(answer));
        continue;
      }
      if (newest && *newest >= sidecar->revision()) continue;
      newest = sidecar->revision();
      content = std::move(body);
    }
    try {
      if (!newest) throw std::runtime_error(error);
      if (*newest <= known) return false;
      format::ObjectMetadata read = *metadata;
      options_.read_sidecar(content, read);
      *metadata = std::move(read);
      const std::lock_guard lock(mutex_);
      summary_.newer_sidecars += known > 0 ? 1 : 0;
      return true;
    } catch (const std::exception& failure) {
      const std::lock_guard lock(mutex_);
      ++summary_.unreadable;
      AddExample("unreadable sidecar", path + ": " + failure.what());
      return false;
    }
  }

  // Walks both indexes side by side, in the order of their keys.
  void FindWhatIsLacking() {
    if (indexes_.old() == nullptr) return;
    const std::vector<std::string>& listed = placement_.volumes();
    std::map<std::string, std::uint64_t> unlisted;  // volume: its keys
    try {
      const auto before = indexes_.old()->NewIterator();
      const auto now = indexes_.replacement().NewIterator();
      now->Seek("/");
      for (before->Seek("/"); before->Valid() && before->key().starts_with('/') && !stop_;
           before->Next()) {
        const std::string key(before->key());
        while (now->Valid() && now->key() < key) now->Next();
        const std::optional<Record> record = Record::Decode(before->value());
        if (!now->Valid() || now->key() != key) NoteAbsent(key, record);
        bool all_listed = true;
        for (const std::string& volume : record ? record->volumes : std::vector<std::string>()) {
          const std::string host(VolumeHost(volume));
          if (std::find(listed.begin(), listed.end(), host) != listed.end()) continue;
          all_listed = false;
          ++unlisted[host];
        }
        summary_.unlisted += all_listed ? 0 : 1;
      }
      before->Check();
      now->Check();
    } catch (const IndexError& error) {
      LoseOldEntry(error.what());
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [volume, keys] : unlisted) {
      AddExample("not in the list", volume + ", with " + std::to_string(keys) + " keys");
    }
  }

  void NoteAbsent(const std::string& key, const std::optional<Record>& record) {
    const OldEntry old = ReadOld(key);
    if (old.object && IsDoomed(*old.object, old.pending)) return;
    const std::lock_guard lock(mutex_);
    ++summary_.absent;
    AddExample("on no volume",
               QuotedKey(key) + (record ? ", was on " + Record{false, "", record->volumes}.Encode()
                                        : std::string()));
  }

  struct Digests {
    std::string md5;
    std::uint32_t crc32c = 0;
    bool operator==(const Digests&) const = default;
  };

  // nullopt, with `error`, where it can not be read.
  std::optional<Digests> DigestsOf(const BlobLocation& place, std::uint64_t size,
                                   std::string* error) {
    if (stopping_) throw Interrupted();
    ValueHasher hasher(/*md5=*/true);
    const VolumeAnswer answer = volumes_.Get(place, "", [&](std::string_view piece) {
      hasher.Update(piece);
      return !stopping_;
    });
    if (!answer.ok() || hasher.size() != size) {
      *error = volumes_.UrlOf(place) + ": " + ProblemOf(answer);
      return std::nullopt;
    }
    const auto digest = hasher.TakeMd5().value();
    return Digests{{digest.begin(), digest.end()}, hasher.crc32c()};
  }

  void Rehash(const std::string& path, Record* record, format::ObjectMetadata* metadata) {
    if (metadata->md5().empty() && !metadata->has_crc32c()) {
      RehashByMajority(path, record, metadata);
      return;
    }
    std::string error;
    for (const std::string& volume : record->volumes) {
      const BlobLocation place{volume, path};
      const std::optional<Digests> digests = DigestsOf(place, metadata->size(), &error);
      if (!digests) continue;
      const std::string& md5 = digests->md5;
      const std::lock_guard lock(mutex_);
      ++summary_.rehashed;
      // What was stored is what the old index says; the value is not made right by writing down
      // what it is now.
      if (!metadata->md5().empty() && metadata->md5() != md5) {
        ++summary_.damaged;
        AddExample("damaged value", volumes_.UrlOf(place) + " has MD5 " + Hex(md5) + ", not " +
                                        Hex(metadata->md5()));
        return;
      }
      // Of a multipart upload nothing else is known.
      if (metadata->has_crc32c() && metadata->crc32c() != digests->crc32c) {
        ++summary_.damaged;
        AddExample("damaged value", volumes_.UrlOf(place) + " has another CRC32C than it had");
        return;
      }
      WriteDown(*digests, record, metadata);
      return;
    }
    const std::lock_guard lock(mutex_);
    ++summary_.unreadable;
    AddExample("unreadable value", error);
  }

  // Nothing says what was stored: it is what most replicas are, as for a scrub. Any one of them
  // written down would make the others damaged ones, and be copied over them.
  void RehashByMajority(const std::string& path, Record* record, format::ObjectMetadata* metadata) {
    std::string error;
    std::vector<std::pair<std::string, Digests>> read;  // by volume
    for (const std::string& volume : record->volumes) {
      const auto digests = DigestsOf({volume, path}, metadata->size(), &error);
      if (digests) read.emplace_back(volume, *digests);
    }
    const auto votes = [&read](const Digests& digests) {
      return static_cast<std::size_t>(std::count_if(
          read.begin(), read.end(), [&](const auto& one) { return one.second == digests; }));
    };
    const auto most = std::find_if(read.begin(), read.end(), [&](const auto& one) {
      return 2 * votes(one.second) > read.size();
    });
    const std::lock_guard lock(mutex_);
    if (read.empty()) {
      ++summary_.unreadable;
      AddExample("unreadable value", error);
      return;
    }
    ++summary_.rehashed;
    if (most == read.end()) {
      ++summary_.damaged;
      AddExample("damaged value", "the replicas of " + path + " differ");
      return;
    }
    for (const auto& [volume, digests] : read) {
      if (digests == most->second) continue;
      ++summary_.damaged;
      AddExample("damaged value", volumes_.UrlOf({volume, path}) + " differs from the others");
    }
    WriteDown(most->second, record, metadata);
  }

  static void WriteDown(const Digests& digests, Record* record, format::ObjectMetadata* metadata) {
    record->hash = Hex(digests.md5);
    metadata->set_md5(digests.md5);
    metadata->set_crc32c(digests.crc32c);
  }

  void Count(const FoundKey& found, const Choice& choice) {
    const std::lock_guard lock(mutex_);
    summary_.files += found.blobs.size();
    summary_.superseded += choice.superseded;
    summary_.pending += choice.pending;
    summary_.stray_sidecars += choice.stray_sidecars;
    if (choice.superseded > 0) AddExample("other generations of", found.key);
    if (!choice.blob) return;
    summary_.disagreeing += choice.blob->disagreeing.size();
    for (const std::string& volume : choice.blob->disagreeing) {
      AddExample("replica of another size", volume + choice.blob->Path(found.key));
    }
    if (choice.blob->volumes.size() < placement_.replicas()) {
      ++summary_.under_replicated;
      AddExample("too few replicas",
                 found.key + " on " + Record{false, "", choice.blob->volumes}.Encode());
    }
  }

  void CountForeign(const std::vector<std::string>& foreign) {
    const std::lock_guard lock(mutex_);
    summary_.foreign += foreign.size();
    for (const std::string& place : foreign) AddExample("foreign", place);
  }

  void LoseOldEntry(const std::string& why) {
    const std::lock_guard lock(mutex_);
    ++summary_.old_entries_lost;
    AddExample("old index", why);
  }

  // Under mutex_.
  void AddExample(const std::string& kind, const std::string& what) {
    if (++examples_of_[kind] <= kExamplesOfAKind) summary_.examples.push_back(kind + ": " + what);
  }

  VolumeClient& volumes_;
  const Placement& placement_;
  const RebuildOptions& options_;
  const std::atomic<bool>& stop_;       // the caller's
  std::atomic<bool> stopping_ = false;  // the caller's, or a thread has failed
  IndexReplacement indexes_;
  VolumeWalk walk_;
  std::atomic<unsigned> next_first_byte_ = 0;
  GenerationClock clock_;
  // Of the old index, for most keys have nothing pending; nullopt: too many, or not all are known.
  std::optional<std::unordered_set<std::string>> pending_keys_{std::in_place};

  std::mutex mutex_;  // for what follows
  std::condition_variable finished_;
  RebuildSummary summary_;
  std::map<std::string, std::size_t> examples_of_;
  std::exception_ptr error_;

  // Until then neither the old index nor what is known of it is touched. Its end waits for it.
  std::shared_future<void> old_index_ready_;
};

}  // namespace

RebuildSummary Rebuild(VolumeClient& volumes, const Placement& placement,
                       const RebuildOptions& options,
                       const std::function<void(const RebuildSummary&)>& progress,
                       const std::atomic<bool>& stop) {
  return Rebuilder(volumes, placement, options, stop).Run(progress);
}

std::string Describe(const RebuildSummary& summary) {
  std::string text = WithThousands(summary.keys) + " keys, " + WithThousands(summary.files) +
                     " files, " + WithThousands(summary.unlinked) + " unlinked";
  const auto line = [&text](std::uint64_t count, std::string_view what) {
    if (count > 0) text.append("\n  ").append(WithThousands(count)).append(" ").append(what);
  };
  if (!summary.old_index_read) {
    text.append("\n  no old index could be read: what was unlinked is live again");
  }
  line(summary.unknown_before, "keys the old index did not know: live, whatever they were before");
  line(summary.under_replicated, "keys on too few volumes (see rebalance)");
  line(summary.disagreeing, "replicas of another size than the others, left out");
  line(summary.superseded, "blobs of other generations, left alone");
  line(summary.pending, "files left to the garbage collector");
  line(summary.foreign, "foreign files or folders, left alone");
  line(summary.stray_sidecars, "sidecars without a value, left alone");
  line(summary.newer_sidecars, "sidecars newer than the old index, which were believed");
  line(summary.rehashed, "values read");
  line(summary.unreadable, "values or sidecars that no volume delivered");
  line(summary.damaged,
       "values or replicas that are not what the old index, or most replicas, say");
  line(summary.old_entries_lost,
       "places of the old index could not be read: what only they knew is lost (what was unlinked, "
       "and what was to be deleted, is live again)");
  line(summary.absent,
       "keys of the old index are on no volume: deleted since it was copied, or lost");
  line(summary.unlisted, "keys of the old index name a volume that is not in the list");
  for (const std::string& example : summary.examples) text.append("\n  ").append(example);
  if (!summary.old_index_kept.empty()) {
    text.append("\n  the old index was kept in ").append(summary.old_index_kept);
  }
  return text.append("\n");
}

}  // namespace mkv
