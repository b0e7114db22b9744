// A key that is overwritten so often that most of its garbage lies in batches of the index.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "tests/faults/program.h"
#include "tests/faults/settled_store.h"
#include "tests/support/file_text.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kTimes = 100;

ClusterOptions WithGarbageDelay(const std::string& delay) {
  ClusterOptions options = Impatient();
  options.arguments[0] = "-garbage-delay=" + delay;
  return options;
}

class OverwrittenKey : public ::testing::Test {
 protected:
  static void Overwrite(Cluster& cluster) {
    for (int i = 1; i <= kTimes; ++i) {
      const HttpResponse put = cluster.client().Do({.method = "PUT",
                                                    .url = cluster.gateway().Url("/bucket/object"),
                                                    .headers = {"x-amz-meta-colour: green"},
                                                    .body = std::to_string(i)});
      ASSERT_EQ(put.status, 200) << put.body;
    }
  }
  // Of an index that nobody has open.
  static std::vector<std::string> Batches(Cluster& cluster) {
    const auto index = LevelDbIndex::Open(cluster.gateway().options().index.string());
    std::vector<std::string> batches;
    const auto entries = index->NewIterator();
    for (entries->Seek(kGarbagePrefix);
         entries->Valid() && entries->key().starts_with(kGarbagePrefix); entries->Next()) {
      batches.emplace_back(entries->key());
    }
    return batches;
  }
  // Something is still to be done on a volume that is there.
  static bool WaitsForOthersThan(const std::string& lost, Cluster& cluster) {
    const auto index = LevelDbIndex::Open(cluster.gateway().options().index.string());
    const auto entries = index->NewIterator();
    for (const std::string_view prefix : {kPendingPrefix, kGarbagePrefix}) {
      for (entries->Seek(prefix); entries->Valid() && entries->key().starts_with(prefix);
           entries->Next()) {
        format::Pending pending;
        EXPECT_TRUE(pending.ParseFromString(std::string(entries->value())));
        for (const format::PendingBlob& blob : pending.blobs()) {
          for (const auto& place : blob.places()) {
            if (!place.volume().starts_with(lost)) return true;
          }
        }
      }
    }
    return false;
  }
  static int Run(Cluster& cluster, const std::vector<std::string>& volumes,
                 const std::vector<std::string>& command) {
    return RunProgram(Program(cluster, Offline(cluster, volumes, command)), 60s).value_or(-1);
  }
};

TEST_F(OverwrittenKey, LeavesNothingBehind) {
  Cluster cluster(WithGarbageDelay("1s"));
  Overwrite(cluster);
  EXPECT_EQ(cluster.gateway().Terminate(), 0);
  EXPECT_THAT(Batches(cluster), Not(IsEmpty()));
  const SettledStore store = ExpectNothingLeftOver(cluster);
  EXPECT_THAT(store.files, SizeIs(6)) << "three replicas, each with its sidecar";
  EXPECT_THAT(Batches(cluster), IsEmpty());
  cluster.gateway().Start();
  EXPECT_EQ(cluster.Get("/bucket/object").body, std::to_string(kTimes));
}

TEST_F(OverwrittenKey, LeavesGarbageThatEveryCommandKnows) {
  Cluster cluster(WithGarbageDelay("1h"));
  Overwrite(cluster);
  EXPECT_EQ(cluster.gateway().Terminate(), 0);
  const std::vector<std::string> volumes = cluster.VolumeNames();
  const std::string pending = std::to_string(6 * (kTimes - 1)) + " still to be written or deleted";

  EXPECT_EQ(Run(cluster, volumes, {"check"}), 0);
  EXPECT_THAT(FileText(cluster.folder() / "program.log"), HasSubstr(pending));
  EXPECT_EQ(Run(cluster, volumes, {"rebuild"}), 0);
  EXPECT_THAT(FileText(cluster.folder() / "program.log"),
              HasSubstr(std::to_string(3 * (kTimes - 1)) + " files left to the garbage collector"));
  EXPECT_THAT(Batches(cluster), Not(IsEmpty()));
  EXPECT_EQ(Run(cluster, volumes, {"check"}), 0);

  const std::string copy = (cluster.folder() / "copy").string();
  EXPECT_EQ(Run(cluster, volumes, {"backup", copy}), 0);
  EXPECT_THAT(ReadIndex(copy).pending, IsEmpty());
  const auto index = LevelDbIndex::Open(copy);
  const auto entries = index->NewIterator();
  entries->Seek(kGarbagePrefix);
  EXPECT_FALSE(entries->Valid() && entries->key().starts_with(kGarbagePrefix));

  cluster.gateway().options().arguments[0] = "-garbage-delay=0s";
  cluster.gateway().Start();
  EXPECT_EQ(cluster.Get("/bucket/object").body, std::to_string(kTimes));
}

TEST_F(OverwrittenKey, WaitsForALostVolumeOnlyUntilThatIsForgotten) {
  Cluster cluster(WithGarbageDelay("1s"));
  Overwrite(cluster);
  EXPECT_EQ(cluster.gateway().Terminate(), 0);
  NginxVolume& lost = cluster.volume(0);
  lost.Kill();
  // On a busy machine a volume may leave a request unanswered, which takes another minute.
  const auto deadline = std::chrono::steady_clock::now() + 90s;
  SettledStore settled = Settle(cluster, 0s);
  while (WaitsForOthersThan(lost.name(), cluster) && std::chrono::steady_clock::now() < deadline) {
    cluster.gateway().Start();
    settled = Settle(cluster, 0s);
  }
  EXPECT_THAT(settled.pending, SizeIs(1));
  EXPECT_THAT(cluster.volume(1).Files(), SizeIs(2)) << "of the value; the rest is gone";
  EXPECT_THAT(Batches(cluster), Not(IsEmpty()));

  const std::vector<std::string> left = {cluster.volume(1).name(), cluster.volume(2).name()};
  EXPECT_EQ(Run(cluster, left, {"-replicas=2", "forget", lost.name()}), 0)
      << FileText(cluster.folder() / "program.log");
  EXPECT_THAT(Batches(cluster), IsEmpty());
  EXPECT_THAT(ReadIndex(cluster.gateway().options().index).pending, IsEmpty());
}

}  // namespace
}  // namespace mkv::testing
