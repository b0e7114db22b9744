// The gateway's machine loses power while many clients write: the store over an index whose disk
// loses everything that was not synced, and over real volumes, which keep what they have.
//
// MKV_SEED=N repeats a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/garbage_collector.h"
#include "mkvcore/store/sidecar_check.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/memory_source.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/index/fragile_disk.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/temp_folder.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kClients = 8;
constexpr int kRounds = 6;

// What a key may hold: "" for nothing. The last one was acknowledged, unless `unknown`.
struct History {
  std::vector<std::string> values = {""};
  std::string unknown;  // written or removed when the power went
  bool in_doubt = false;
};

class PowerLoss : public ::testing::Test {
 protected:
  PowerLoss() {
    spdlog::set_level(spdlog::level::off);  // each write that fails is told
    const char* given = std::getenv("MKV_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
  }

  // One life of the gateway, up to the power cut. `unsynced_at_last`: before it comes a time of
  // nothing but writes, which without -sync ask for no sync, so that there is something to lose
  // however slow the machine is (each DELETE and each pass of the collector syncs what came
  // before).
  void LiveAndDie(bool sync, bool unsynced_at_last) {
    LevelDbOptions index_options;
    index_options.env = &disk_;
    // Several logs and tables in one life; a table is synced, so none at last.
    index_options.write_buffer_bytes = unsynced_at_last ? 64 << 20 : 64 << 10;
    auto index = LevelDbIndex::Open((folder_.path() / "index").string(), index_options);
    VolumeHealth health;
    VolumeClient volumes({}, health);
    Store store(*index, volumes, Placing(), Options(sync));
    GarbageCollector collector(store);
    collector.Start();
    std::vector<std::jthread> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back([&, i, seed = random_()] { Work(store, i, seed); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(150 + random_() % 250));
    if (unsynced_at_last) {
      collector.Stop();
      only_writes_ = true;
      // Each client has one change under way that may still sync.
      const int before = acknowledged_;
      const auto deadline = std::chrono::steady_clock::now() + 60s;
      while (acknowledged_ < before + 4 * kClients && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(1ms);
      }
    }
    disk_.CutPower();
    clients.clear();
    collector.Stop();
    only_writes_ = false;
    index.reset();
    disk_.LoseUnsynced();
  }

  // The next life begins: what is there of each key. Counts acknowledged changes that are gone.
  void Check() {
    auto index = LevelDbIndex::Open((folder_.path() / "index").string());
    VolumeHealth health;
    VolumeClient volumes({}, health);
    Store store(*index, volumes, Placing(), Options(false));
    GarbageCollector collector(store);
    // Over again: what may still land is waited for, and what is not known then is written anew.
    while (collector.RunPass(/*hurry=*/true).pending > 0) {
    }
    for (auto& client : keys_) {
      for (auto& [key, history] : client) {
        CheckSidecars(store, volumes, key);
        const std::string found = Read(store, volumes, key);
        const bool is_newest = found == history.values.back();
        const bool is_doubtful = history.in_doubt && found == history.unknown;
        if (!is_newest && !is_doubtful) {
          ++lost_;
          // Rolled back, but to what was there once, and whole.
          EXPECT_THAT(history.values, ::testing::Contains(found)) << key;
        }
        history = {{found}, "", false};
      }
    }
  }

  static std::shared_ptr<const Placement> PlacementOf(const std::vector<std::string>& names) {
    return std::make_shared<const Placement>(names, 2, 1);
  }
  std::shared_ptr<const Placement> Placing() const {
    return PlacementOf({first_.name(), second_.name()});
  }
  static StoreOptions Options(bool sync) {
    StoreOptions options;
    options.sync = sync;
    options.garbage_delay = 0ms;  // deleted as soon as the index allows it
    options.settle_delay = 0ms;
    return options;
  }

  // Every replica, for what a client would see depends on which one it is sent to.
  static std::string Read(Store& store, VolumeClient& volumes, const std::string& key) {
    const std::optional<Object> object = store.Find(key);
    if (!object || object->record.unlinked) return "";
    std::set<std::string> found;
    for (const BlobLocation& replica : object->Replicas()) {
      std::string body;
      const VolumeAnswer answer = volumes.GetWhole(replica, 1 << 20, &body);
      found.insert(answer.ok() ? body : "status " + std::to_string(answer.status));
    }
    EXPECT_EQ(found.size(), 1U) << key;
    return *found.begin();
  }

  // On every replica they say what the index says.
  static void CheckSidecars(Store& store, VolumeClient& volumes, const std::string& key) {
    const std::optional<Object> object = store.Find(key);
    if (!object) return;
    for (const std::string& volume : object->record.volumes) {
      std::string body;
      const VolumeAnswer answer =
          volumes.GetWhole({volume, SidecarPath(key, object->generation())}, 1 << 20, &body);
      if (object->has_sidecar()) {
        EXPECT_TRUE(answer.ok() && SidecarAgrees(body, *object->metadata)) << key << ": " << body;
      } else {
        EXPECT_EQ(answer.status, 404) << key << ": " << body;
      }
    }
  }

  static Outcome Tag(Store& store, const std::string& key, const std::string& value) {
    Store::ReplaceRequest request;
    request.annotates = true;
    request.describe = [&value](format::ObjectMetadata& metadata) {
      metadata.clear_tags();
      format::Tag& tag = *metadata.add_tags();
      tag.set_key("tag");
      tag.set_value(value);
    };
    request.sidecar = [](const format::ObjectMetadata& metadata) { return SidecarFor(metadata); };
    return store.UpdateMetadata(key, request).outcome;
  }

  void Work(Store& store, int client, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto& keys = keys_[static_cast<std::size_t>(client)];
    for (int i = 0;; ++i) {
      const std::string key =
          "/client" + std::to_string(client) + "/" + std::to_string(random() % 10);
      History& history = keys[key];
      const bool there = !history.values.back().empty();
      const unsigned choice = only_writes_ ? 2 : random() % 5;
      if (there && choice == 4) {
        try {
          ASSERT_EQ(Tag(store, key, std::to_string(i)), Outcome::kDone) << key;
        } catch (const IndexError&) {
          return;  // the power is off
        }
        continue;
      }
      history.unknown = there && choice < 2
                            ? ""
                            : key + " " + std::to_string(seed) + " " + std::to_string(i) +
                                  std::string(random() % 300, 'v');
      history.in_doubt = true;
      try {
        Outcome outcome = Outcome::kDone;
        if (history.unknown.empty()) {
          outcome = choice == 0 ? store.Delete(key) : store.Remove(key, {});
        } else {
          MemorySource source(history.unknown);
          if (there || choice == 2) {
            outcome = store.Replace(key, source, {}).outcome;
          } else {
            auto begun = store.BeginPut(key);
            const auto* token = std::get_if<WritersUnderWay::Token>(&begun);
            ASSERT_NE(token, nullptr) << key;
            outcome = store.PutNew(key, *token, source, {}).outcome;
          }
        }
        ASSERT_EQ(outcome, Outcome::kDone) << key;
      } catch (const IndexError&) {
        return;  // the power is off
      }
      history.values.push_back(history.unknown);
      history.in_doubt = false;
      ++acknowledged_;
    }
  }

  void Run(bool sync) {
    SCOPED_TRACE("MKV_SEED=" + std::to_string(seed_));
    for (int round = 0; round < kRounds; ++round) {
      SCOPED_TRACE("round " + std::to_string(round));
      LiveAndDie(sync, /*unsynced_at_last=*/!sync && round == kRounds - 1);
      Check();
    }
    RecordProperty("acknowledged", acknowledged_.load());
    RecordProperty("lost", lost_);
  }

  std::uint64_t seed_ = 0;
  std::mt19937_64 random_;
  const TempFolder folder_;
  FragileDisk disk_{folder_.path() / "index"};
  NginxVolume first_{{.folder = folder_.path() / "1", .subvolumes = 1}};
  NginxVolume second_{{.folder = folder_.path() / "2", .subvolumes = 1}};
  std::vector<std::map<std::string, History>> keys_{kClients};
  std::atomic<int> acknowledged_ = 0;
  std::atomic<bool> only_writes_ = false;
  int lost_ = 0;
};

TEST_F(PowerLoss, UnderSyncNothingAcknowledgedIsLost) {
  Run(/*sync=*/true);
  EXPECT_EQ(lost_, 0);
  EXPECT_GT(acknowledged_, 100);
}

// What docs/operations.md says of it: the newest changes may be undone, in order, and what was
// there before them is there again, whole. (A garbage collector that did not wait for a synced
// write, or a DELETE that did not, would leave records without blobs.)
TEST_F(PowerLoss, WithoutSyncTheNewestChangesAreUndoneAndNothingElseIsHarmed) {
  Run(/*sync=*/false);
  EXPECT_GT(lost_, 0);
  EXPECT_GT(acknowledged_, 100);
}

}  // namespace
}  // namespace mkv::testing
