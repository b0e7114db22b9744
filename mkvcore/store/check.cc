#include "mkvcore/store/check.h"

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "mkvcore/format/sidecar.h"
#include "mkvcore/store/key_feed.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/quoted_key.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/survey.h"
#include "mkvcore/volumes/volume_problem.h"

namespace mkv {

namespace {

// A key that others change meanwhile is looked at again.
constexpr int kCheckAttempts = 5;

bool Same(const std::optional<Object>& now, const Object& before) {
  return now && now->record == before.record && now->generation() == before.generation();
}

class Checker {
 public:
  Checker(Store& store, const CheckOptions& options, const std::atomic<bool>& stop)
      : store_(store),
        options_(options),
        stop_(stop),
        placement_(store.placement()),
        feed_(store.index()),
        survey_(stop) {
    std::uint64_t keys = 0;
    KeyFeed(store.index()).ForEach(stop, [&keys](const std::string&) { ++keys; });
    survey_.Note([this, keys](CheckSummary& summary) {
      summary.keys = keys;
      summary.steps = keys + FolderSteps();
    });
  }

  CheckSummary Run(const Survey<CheckSummary>::Report& report) {
    return survey_.Run(
        options_.threads, [this] { Work(); }, report);
  }

 private:
  using Count = std::uint64_t CheckSummary::*;
  using Findings = std::vector<std::pair<Count, std::string>>;

  // First the keys, then the volumes' folders.
  void Work() {
    try {
      feed_.ForEach(stop_, [this](const std::string& key) {
        CheckKey(key);
        Step();
      });
      for (unsigned next = 0; !stop_ && (next = next_folder_++) < FolderSteps();) {
        CheckFolders(placement_->volumes()[next / VolumeWalk::kFirstBytes],
                     next % VolumeWalk::kFirstBytes);
        Step();
      }
    } catch (const std::exception& error) {  // the index can not be read
      Find(&CheckSummary::unreadable, std::string("index: ") + error.what());
    }
  }

  unsigned FolderSteps() const {
    return VolumeWalk::kFirstBytes * static_cast<unsigned>(placement_->volumes().size());
  }
  void Step() {
    survey_.Note([](CheckSummary& summary) { ++summary.done; });
  }
  void Add(Count count, std::uint64_t number) {
    survey_.Note([&](CheckSummary& summary) { summary.*count += number; });
  }
  void Find(Count count, std::string what) {
    Add(count, 1);
    survey_.Tell(std::move(what));
  }

  // nullopt and a finding when the index's entries of the key can not be understood.
  std::optional<KeyState> ReadState(const std::string& key) {
    try {
      return KeyState::Read(store_.index(), key);
    } catch (const IndexError& error) {
      Find(&CheckSummary::unreadable, "unreadable: " + QuotedKey(key) + ": " + error.what());
      return std::nullopt;
    }
  }

  void CheckKey(const std::string& key) {
    Findings findings;
    for (int attempt = 0; attempt < kCheckAttempts && !stop_; ++attempt) {
      const std::optional<KeyState> state = ReadState(key);
      if (!state || !state->object()) return;
      findings = LookAtReplicas(*state->object());
      if (findings.empty()) return;
      if (Same(store_.Find(key), *state->object())) break;
      findings.clear();
    }
    for (auto& [count, what] : findings) Find(count, std::move(what));
  }

  Findings LookAtReplicas(const Object& object) {
    Findings findings;
    const std::string of = " of " + QuotedKey(object.key);
    const std::vector<BlobLocation> replicas = object.Replicas();
    const std::vector<VolumeAnswer> answers = store_.volumes().Head(replicas);
    std::optional<std::uint64_t> size;
    if (object.metadata) size = object.metadata->size();
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      const std::string where = store_.volumes().UrlOf(replicas[i]) + of;
      if (answers[i].missing()) {
        findings.emplace_back(&CheckSummary::missing, "missing: " + where);
        continue;
      }
      if (!answers[i].ok()) {
        findings.emplace_back(&CheckSummary::unreachable,
                              "unreachable: " + where + ": " + ProblemOf(answers[i]));
        continue;
      }
      if (!size) size = answers[i].content_length;
      if (answers[i].content_length != size) {
        findings.emplace_back(&CheckSummary::wrong_size,
                              "wrong size: " + where + " has " +
                                  std::to_string(answers[i].content_length.value_or(0)) +
                                  " bytes, not " + std::to_string(size.value_or(0)));
      }
      if (object.has_sidecar()) LookAtSidecar(object, replicas[i].volume, findings);
    }
    return findings;
  }

  void LookAtSidecar(const Object& object, const std::string& volume, Findings& findings) {
    const BlobLocation place{volume, SidecarPath(object.key, object.generation())};
    std::string content;
    const VolumeAnswer answer = store_.volumes().GetWhole(place, kMaxSidecarBytes, &content);
    const std::string where = store_.volumes().UrlOf(place) + " of " + QuotedKey(object.key);
    if (answer.missing()) {
      findings.emplace_back(&CheckSummary::sidecars, "sidecar missing: " + where);
    } else if (!answer.ok()) {
      findings.emplace_back(&CheckSummary::unreachable,
                            "unreachable: " + where + ": " + ProblemOf(answer));
    } else if (!SidecarAgrees(content, *object.metadata)) {
      findings.emplace_back(&CheckSummary::sidecars, "sidecar differs: " + where);
    }
  }

  void CheckFolders(const std::string& volume, unsigned first_byte) {
    {
      const std::lock_guard lock(mutex_);
      if (unlisted_.contains(volume)) return;
    }
    // A volume at a time, so that one that is down does not hide what is on the others.
    const Placement one({volume}, 1, placement_->subvolumes());
    VolumeWalk walk(store_.volumes(), one, options_.walk, stop_);
    std::vector<std::string> foreign;
    try {
      walk.FindSubvolumes(&foreign);
      if (first_byte != 0) foreign.clear();  // of the root: told once
      walk.VisitFiles(walk.FoldersBelow(first_byte, &foreign), &foreign,
                      [&](const auto&, const std::vector<VolumeWalk::File>& files) {
                        for (const VolumeWalk::File& file : files) {
                          CheckFile(walk.subvolumes()[file.subvolume], file.path, &foreign);
                        }
                      });
    } catch (const WalkError& error) {
      {
        const std::lock_guard lock(mutex_);
        if (!unlisted_.insert(volume).second) return;
      }
      Find(&CheckSummary::unreachable, std::string("unreachable: ") + error.what());
    } catch (const Interrupted&) {
      return;
    }
    for (const std::string& place : foreign) {
      Find(&CheckSummary::foreign, "foreign: " + QuotedKey(place));
    }
  }

  void CheckFile(const std::string& volume, const std::string& path,
                 std::vector<std::string>* foreign) {
    const std::optional<ParsedBlobPath> parsed = ParseBlobPath(path);
    if (!parsed || !parsed->key.starts_with('/')) {
      foreign->push_back(volume + path);
      return;
    }
    Add(&CheckSummary::files, 1);
    for (int look = 0; look < 2; ++look) {
      const std::optional<KeyState> state = ReadState(parsed->key);
      if (!state || IsNamed(*state, *parsed, volume, path)) return;
      if (state->IsPending(parsed->generation, volume) || IsOldGarbage(*parsed, volume)) {
        return Add(&CheckSummary::pending, 1);
      }
      // The index may have let go of it, and the file with it, since it was listed.
      const std::vector<BlobLocation> places = {{volume, path}};
      if (!store_.volumes().Head(places).front().ok()) return;
    }
    Find(&CheckSummary::orphans,
         "orphan: " + store_.volumes().UrlOf({volume, path}) + " of " + QuotedKey(parsed->key));
  }

  // Of a key that was overwritten many times: in a batch of its garbage.
  bool IsOldGarbage(const ParsedBlobPath& file, const std::string& volume) {
    try {
      const format::Pending all = KeyState::AllPending(store_.index(), file.key);
      return std::any_of(all.blobs().begin(), all.blobs().end(), [&](const auto& blob) {
        return blob.generation() == file.generation &&
               std::any_of(blob.places().begin(), blob.places().end(),
                           [&](const auto& place) { return place.volume() == volume; });
      });
    } catch (const IndexError& error) {
      Find(&CheckSummary::unreadable, "unreadable: " + QuotedKey(file.key) + ": " + error.what());
      return true;
    }
  }

  static bool IsNamed(const KeyState& state, const ParsedBlobPath& file, const std::string& volume,
                      const std::string& path) {
    const std::optional<Object>& object = state.object();
    if (!object || !Contains(object->record.volumes, volume)) return false;
    if (file.sidecar) return object->has_sidecar() && object->generation() == file.generation;
    if (object->Path() == path) return true;
    // nginx has merged the slashes of the original's spelling.
    return object->original_spelling() && file.original_spelling && file.generation == kPlain;
  }

  Store& store_;
  const CheckOptions options_;
  const std::atomic<bool>& stop_;
  const std::shared_ptr<const Placement> placement_;
  KeyFeed feed_;
  std::atomic<unsigned> next_folder_ = 0;

  Survey<CheckSummary> survey_;

  std::mutex mutex_;                // for what follows
  std::set<std::string> unlisted_;  // volumes that do not list their folders
};

}  // namespace

CheckSummary CheckStore(
    Store& store, const CheckOptions& options,
    const std::function<void(const CheckSummary&, const std::vector<std::string>& found)>& progress,
    const std::atomic<bool>& stop) {
  return Checker(store, options, stop).Run(progress);
}

}  // namespace mkv
