#include "mkvcore/store/scrub.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "mkvcore/format/sidecar.h"
#include "mkvcore/store/key_feed.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/quoted_key.h"
#include "mkvcore/store/rate_limit.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/survey.h"
#include "mkvcore/volumes/value_hasher.h"

namespace mkv {

namespace {

// A key that others change meanwhile, or whose old blob is still being deleted, is tried again.
constexpr int kScrubAttempts = 5;
constexpr std::chrono::milliseconds kScrubPause{100};

enum class State { kGood, kDamaged, kMissing, kUnreachable };

struct Replica {
  BlobLocation place;
  State state = State::kGood;
  std::uint64_t size = 0;
  std::uint32_t crc32c = 0;
  std::string md5;  // hex, where it is what decides
};

bool Same(const std::optional<Object>& now, const Object& before) {
  return now && now->record == before.record && now->generation() == before.generation();
}

std::string HashOf(const Object& object) {
  if (!object.record.hash.empty() || !object.metadata || object.metadata->md5().size() != 16) {
    return object.record.hash;
  }
  std::string hex;
  for (const char byte : object.metadata->md5()) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return hex;
}

class Scrubber {
 public:
  Scrubber(Store& store, const ScrubOptions& options, const std::atomic<bool>& stop)
      : store_(store), stop_(stop), feed_(store.index()), limit_(options.rate), survey_(stop) {}

  ScrubSummary Run(unsigned threads, const Survey<ScrubSummary>::Report& report) {
    CountKeys(store_.index(), stop_, [&](std::uint64_t keys) {
      survey_.Note([keys](ScrubSummary& summary) { summary.total = keys; });
      if (report) report(survey_.so_far(), {});
    });
    return survey_.Run(
        threads, [this] { Work(); }, report);
  }

 private:
  void Work() {
    try {
      feed_.ForEach(stop_, [this](const std::string& key) { ScrubKey(key); });
    } catch (const std::exception& error) {  // the index can not be read
      survey_.Note([](ScrubSummary& summary) { ++summary.unrepaired; });
      survey_.Tell(std::string("index: ") + error.what());
    }
  }

  // What one look at a key found.
  struct Findings {
    Object object;
    std::vector<Replica> replicas;
    std::vector<std::string> sidecars;  // volumes whose sidecar is missing or wrong
    std::vector<std::string> newer;     // volumes whose sidecar the index does not know yet
    std::string undecided;              // why no replica is known to be good
    bool unverified = false;

    std::vector<std::string> Volumes(State state) const {
      std::vector<std::string> volumes;
      for (const Replica& replica : replicas) {
        if (replica.state == state) volumes.push_back(replica.place.volume);
      }
      return volumes;
    }
    bool blobs_are_good() const {
      return std::all_of(replicas.begin(), replicas.end(),
                         [](const Replica& replica) { return replica.state == State::kGood; });
    }
    bool nothing_differs() const { return blobs_are_good() && sidecars.empty() && newer.empty(); }
  };

  void ScrubKey(const std::string& key) {
    bool told = false;
    std::string problem;
    try {
      for (int attempt = 1; attempt <= kScrubAttempts && !stop_; ++attempt) {
        const std::optional<Findings> findings = Look(key);
        if (stop_) return;
        if (!findings) break;  // deleted since
        if (!Same(store_.Find(key), findings->object)) continue;
        if (findings->nothing_differs()) {
          return survey_.Note([&](ScrubSummary& summary) {
            ++summary.done;
            summary.unverified += findings->unverified ? 1 : 0;
            summary.repaired += told ? 1 : 0;
          });
        }
        const bool is_damage = !findings->blobs_are_good() || !findings->sidecars.empty();
        if (is_damage && !std::exchange(told, true)) Tell(*findings);
        if (findings->Volumes(State::kGood).empty()) return TellLost(*findings);
        problem = WhyLeftAlone(*findings);
        if (Repair(*findings) == Outcome::kDone && !NeedsSecondLook(*findings)) {
          return survey_.Note([](ScrubSummary& summary) {
            ++summary.done;
            ++summary.repaired;
          });
        }
        std::this_thread::sleep_for(kScrubPause);
      }
    } catch (const std::exception& error) {
      problem = std::string(": ") + error.what();
    }
    told = told || !problem.empty();
    survey_.Note([told](ScrubSummary& summary) {
      ++summary.done;
      summary.unrepaired += told ? 1 : 0;
    });
    // Else it was only changed by others again and again: they wrote it.
    if (told) survey_.Tell("not repaired: " + QuotedKey(key) + problem);
  }

  // A repair of blobs takes the sidecar along from another replica, which may be a wrong one.
  static bool NeedsSecondLook(const Findings& findings) {
    return !findings.blobs_are_good() && !(findings.sidecars.empty() && findings.newer.empty());
  }

  // Empty while a newer sidecar belongs to a change that is under way. Else the index has forgotten
  // that change, since it is an old copy, and the sidecar is all that is left of it.
  std::string WhyLeftAlone(const Findings& findings) {
    if (findings.newer.empty()) return "";
    const Object& object = findings.object;
    const KeyState state = KeyState::Read(store_.index(), object.key);
    if (state.FindPendingAt(object.generation(), object.record.volumes)) return "";
    return ": its sidecar on " + findings.newer.front() +
           " is newer than the index: is the index an old one? `rebuild` takes what is newer";
  }

  Outcome Repair(const Findings& findings) {
    if (findings.blobs_are_good()) {
      // Written anew from an old index, the sidecars would forget what was acknowledged since.
      if (!findings.newer.empty()) return Outcome::kBusy;
      return store_.RestoreSidecars(findings.object.key, findings.sidecars);
    }
    std::vector<std::string> distrusted = findings.Volumes(State::kDamaged);
    for (const std::string& volume : findings.Volumes(State::kMissing)) {
      distrusted.push_back(volume);
    }
    const Store::MoveResult result = store_.RebalanceQuietly(findings.object.key, distrusted);
    return result.outcome;
  }

  std::optional<Findings> Look(const std::string& key) {
    const std::optional<Object> object = store_.Find(key);
    if (!object) return std::nullopt;
    Findings findings;
    findings.object = *object;
    const bool knows_crc = object->metadata && object->metadata->has_crc32c();
    const std::string hash = knows_crc ? "" : HashOf(*object);
    for (const BlobLocation& place : object->Replicas()) {
      findings.replicas.push_back(Read(place, !hash.empty()));
    }
    for (Replica& replica : findings.replicas) {
      if (replica.state != State::kGood) continue;
      const bool right = (!object->metadata || replica.size == object->metadata->size()) &&
                         (!knows_crc || replica.crc32c == object->metadata->crc32c()) &&
                         (hash.empty() || replica.md5 == hash);
      if (!right) replica.state = State::kDamaged;
    }
    if (!knows_crc && hash.empty()) Compare(findings);
    if (object->has_sidecar()) LookAtSidecars(findings);
    return findings;
  }

  Replica Read(const BlobLocation& place, bool md5) {
    Replica replica{place, State::kGood, 0, 0, {}};
    for (int attempt = 1;; ++attempt) {
      ValueHasher hasher(md5);
      const VolumeAnswer answer = store_.volumes().Get(place, "", [&](std::string_view piece) {
        limit_.Take(piece.size(), stop_);
        hasher.Update(piece);
        survey_.Note([&piece](ScrubSummary& summary) { summary.bytes += piece.size(); });
        return !stop_;
      });
      if (answer.ok()) {
        replica.size = hasher.size();
        replica.crc32c = hasher.crc32c();
        if (const auto digest = hasher.TakeMd5()) {
          replica.md5 = fmt::format("{:02x}", fmt::join(*digest, ""));
        }
        return replica;
      }
      if (answer.missing()) {
        replica.state = State::kMissing;
        return replica;
      }
      if (attempt == 2 || stop_) break;
    }
    // A volume that is there, but does not get to the end of this file: its disk can not read it.
    const std::vector<BlobLocation> places = {place};
    const std::vector<VolumeAnswer> heads = store_.volumes().Head(places);
    replica.state = heads.front().ok() ? State::kDamaged : State::kUnreachable;
    return replica;
  }

  // Nothing tells what was stored: the replicas tell of each other.
  static void Compare(Findings& findings) {
    std::map<std::pair<std::uint64_t, std::uint32_t>, std::size_t> votes;
    std::size_t readable = 0;
    for (const Replica& replica : findings.replicas) {
      if (replica.state != State::kGood) continue;
      ++votes[{replica.size, replica.crc32c}];
      ++readable;
    }
    findings.unverified = readable == 1;
    if (votes.size() <= 1) return;
    const auto most =
        std::max_element(votes.begin(), votes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    const bool majority = 2 * most->second > readable;
    if (!majority) findings.undecided = "its replicas differ, and nothing tells which is right";
    for (Replica& replica : findings.replicas) {
      if (replica.state != State::kGood) continue;
      if (!majority || std::pair(replica.size, replica.crc32c) != most->first) {
        replica.state = State::kDamaged;
      }
    }
  }

  // The last answer is to a HEAD where the volume does not get to the end of the file: it is too
  // long, or its disk can not read it.
  VolumeAnswer ReadSidecar(const BlobLocation& place, std::string* content) {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      const VolumeAnswer answer = store_.volumes().GetWhole(place, kMaxSidecarBytes, content);
      if (answer.delivery == VolumeAnswer::Delivery::kAnswered) return answer;
    }
    const std::vector<BlobLocation> places = {place};
    return store_.volumes().Head(places).front();
  }

  void LookAtSidecars(Findings& findings) {
    const Object& object = findings.object;
    for (Replica& replica : findings.replicas) {
      if (replica.state != State::kGood) continue;
      std::string content;
      const VolumeAnswer answer = ReadSidecar(
          {replica.place.volume, SidecarPath(object.key, object.generation())}, &content);
      if (answer.ok() && SidecarAgrees(content, *object.metadata)) continue;
      if (answer.delivery != VolumeAnswer::Delivery::kAnswered) {
        replica.state = State::kUnreachable;
        continue;
      }
      const auto sidecar = answer.ok() ? DecodeSidecar(content) : std::nullopt;
      const bool newer = sidecar && sidecar->revision() > SidecarRevision(*object.metadata);
      (newer ? findings.newer : findings.sidecars).push_back(replica.place.volume);
    }
  }

  void Tell(const Findings& findings) {
    const auto tell = [this](std::uint64_t ScrubSummary::*count, std::string what) {
      survey_.Note([count](ScrubSummary& summary) { ++(summary.*count); });
      survey_.Tell(std::move(what));
    };
    const std::string of = " of " + QuotedKey(findings.object.key);
    for (const Replica& replica : findings.replicas) {
      const std::string where = store_.volumes().UrlOf(replica.place) + of;
      switch (replica.state) {
        case State::kGood:
          break;
        case State::kDamaged:
          tell(&ScrubSummary::damaged, "damaged: " + where);
          break;
        case State::kMissing:
          tell(&ScrubSummary::missing, "missing: " + where);
          break;
        case State::kUnreachable:
          tell(&ScrubSummary::unreachable, "unreachable: " + where);
          break;
      }
    }
    for (const std::string& volume : findings.sidecars) {
      tell(&ScrubSummary::sidecars, std::string("sidecar: on ").append(volume).append(of));
    }
  }

  void TellLost(const Findings& findings) {
    const std::string& key = findings.object.key;
    const bool reachable = findings.Volumes(State::kUnreachable).empty();
    std::string why = findings.undecided;
    if (why.empty()) {
      const std::vector<Replica>& all = findings.replicas;
      const bool alike =
          all.size() > 1 && std::all_of(all.begin(), all.end(), [&](const Replica& r) {
            return r.state == State::kDamaged && r.size == all.front().size &&
                   r.crc32c == all.front().crc32c && r.size > 0;
          });
      why = alike ? "its replicas are alike, but not what the index says: is the index an old one?"
                  : "no replica is good";
    }
    survey_.Note([reachable](ScrubSummary& summary) {
      ++summary.done;
      ++(reachable ? summary.lost : summary.unrepaired);
    });
    survey_.Tell(reachable
                     ? "lost: " + QuotedKey(key) + ": " + why
                     : "not repaired: " + QuotedKey(key) + ": no good replica can be reached");
  }

  Store& store_;
  const std::atomic<bool>& stop_;
  KeyFeed feed_;
  RateLimit limit_;
  Survey<ScrubSummary> survey_;
};

}  // namespace

ScrubSummary ScrubAll(
    Store& store, const ScrubOptions& options,
    const std::function<void(const ScrubSummary&, const std::vector<std::string>& found)>& progress,
    const std::atomic<bool>& stop) {
  unsigned threads = options.threads;
  if (options.rate > 0) {
    const std::uint64_t bearable = std::max<std::uint64_t>(1, options.rate / options.kLeastRate);
    threads = static_cast<unsigned>(std::min<std::uint64_t>(threads, bearable));
  }
  return Scrubber(store, options, stop).Run(threads, progress);
}

}  // namespace mkv
