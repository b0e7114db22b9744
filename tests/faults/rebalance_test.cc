// `mkv rebalance` with the server down: growing, shrinking, interrupted, with a volume gone for
// good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/format/placement.h"
#include "tests/faults/program.h"
#include "tests/faults/settled_store.h"
#include "tests/support/file_text.h"

namespace mkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kKeys = 60;

class RebalanceCommand : public ::testing::Test {
 protected:
  static std::string Key(int i) { return "/folder/key " + std::to_string(i); }
  static std::string Value(int i) { return std::string(1000 + 37 * i, 'a' + i % 26); }

  void Fill(Cluster& cluster) {
    for (int i = 0; i < kKeys; ++i) ASSERT_EQ(cluster.Put(Key(i), Value(i)).status, 201);
    ASSERT_EQ(cluster.Unlink(Key(0)).status, 204);
    before_ = Settle(cluster).objects;
  }
  std::optional<int> Run(Cluster& cluster, const std::vector<std::string>& volumes,
                         const std::vector<std::string>& command = {"rebalance"}) {
    return RunProgram(Program(cluster, Offline(cluster, volumes, command)), 60s);
  }
  // What an interrupted command leaves must settle first, or is deleted only by the next one.
  void RunToTheEnd(Cluster& cluster, const std::vector<std::string>& volumes) {
    for (int i = 0; i < 20 && Run(cluster, volumes) != 0; ++i) std::this_thread::sleep_for(400ms);
    EXPECT_EQ(Run(cluster, volumes), 0);
    EXPECT_EQ(Run(cluster, volumes), 0) << "and the garbage of the last one";
  }
  // Records and files are those of a store that always had these volumes.
  void ExpectAsFresh(Cluster& cluster, const std::vector<std::string>& volumes) {
    const GatewayOptions& gateway = cluster.gateway().options();
    const Placement placement(volumes, gateway.replicas, gateway.subvolumes);
    const SettledStore store = ReadIndex(gateway.index);
    ASSERT_EQ(store.objects.size(), before_.size());
    for (const auto& [key, object] : store.objects) {
      Record expected = before_.at(key).record;
      expected.volumes = placement.Choose(key);
      EXPECT_EQ(object.record.Encode(), expected.Encode()) << key;
      EXPECT_EQ(object.generation(), kPlain);
    }
    EXPECT_THAT(store.pending, IsEmpty());
    EXPECT_THAT(cluster.Files(), ElementsAreArray(store.files));
    for (int i = 0; i < kKeys; ++i) {
      for (const BlobLocation& replica : store.objects.at(Key(i)).Replicas()) {
        EXPECT_EQ(cluster.client().Get(replica.Url()).body, Value(i)) << replica.Url();
      }
    }
  }
  static void RemoveFiles(const NginxVolume& volume) {
    for (const std::string& file : volume.Files()) {
      std::filesystem::remove(volume.folder().string() + file);
    }
  }
  static void Damage(const NginxVolume& volume) {
    for (const std::string& file : volume.Files()) {
      std::fstream bytes(volume.folder().string() + file);
      bytes.seekp(500);
      bytes.put('!');
    }
  }
  static std::vector<std::string> First(const std::vector<std::string>& volumes, int count) {
    return {volumes.begin(), volumes.begin() + count};
  }

  std::map<std::string, Object> before_;
};

TEST_F(RebalanceCommand, GrowsFromThreeVolumesToFiveAndShrinksToFour) {
  Cluster cluster(Impatient());
  Fill(cluster);
  cluster.AddVolume();
  cluster.AddVolume();
  const std::vector<std::string> five = cluster.VolumeNames();
  EXPECT_EQ(Run(cluster, five), 0);
  ExpectAsFresh(cluster, five);
  EXPECT_FALSE(cluster.volume(4).Files().empty());

  EXPECT_EQ(Run(cluster, First(five, 4)), 0);
  ExpectAsFresh(cluster, First(five, 4));
  EXPECT_THAT(cluster.volume(4).Files(), IsEmpty());
}

TEST_F(RebalanceCommand, CanBeInterruptedAndRunAgain) {
  Cluster cluster(Impatient());
  Fill(cluster);
  cluster.AddVolume();
  cluster.AddVolume();
  const std::vector<std::string> five = cluster.VolumeNames();
  std::vector<std::chrono::milliseconds> moments;
  for (int i = 0; i < 5; ++i) moments.emplace_back(20 + 30 * i);
  for (const int signal : {SIGINT, SIGKILL}) {
    for (const auto moment : moments) {
      Process rebalance(Program(cluster, Offline(cluster, five, {"-threads=1", "rebalance"})));
      std::this_thread::sleep_for(moment);
      rebalance.Signal(signal);
      ASSERT_TRUE(rebalance.Wait(60s));
      // Whatever it had done: every key is there, whole.
      for (const auto& [key, object] : ReadIndex(cluster.gateway().options().index).objects) {
        const std::string& expected = Value(std::stoi(key.substr(key.rfind(' '))));
        for (const BlobLocation& replica : object.Replicas()) {
          ASSERT_EQ(cluster.client().Get(replica.Url()).body, expected) << replica.Url();
        }
      }
    }
  }
  RunToTheEnd(cluster, five);
  ExpectAsFresh(cluster, five);
}

TEST_F(RebalanceCommand, CopiesFromTheOthersWhenAVolumeIsGoneForGood) {
  Cluster cluster(Impatient(4));
  Fill(cluster);
  const std::vector<std::string> four = cluster.VolumeNames();
  const std::string gone = cluster.volume(3).name();
  cluster.volume(3).Kill();
  EXPECT_EQ(Run(cluster, four), 1) << "its keys are not at home";
  EXPECT_THAT(FileText(cluster.folder() / "program.log"),
              ContainsRegex("[1-9][0-9]* not at home .a volume of theirs does not answer"));
  for (const auto& [key, object] : ReadIndex(cluster.gateway().options().index).objects) {
    EXPECT_EQ(object.record.volumes.size(), 3U);
    EXPECT_THAT(object.record.volumes, Each(Not(HasSubstr(gone))));
  }
  EXPECT_THAT(ReadIndex(cluster.gateway().options().index).pending, Not(IsEmpty()));

  EXPECT_EQ(Run(cluster, four, {"forget", gone}), 1) << "it is still in the list";
  EXPECT_THAT(FileText(cluster.folder() / "program.log"), HasSubstr("take it off first"));
  EXPECT_EQ(Run(cluster, First(four, 3), {"forget", "127.0.0.1:1"}), 0);
  EXPECT_THAT(FileText(cluster.folder() / "program.log"),
              HasSubstr("nothing waits for 127.0.0.1:1"));
  EXPECT_THAT(ReadIndex(cluster.gateway().options().index).pending, Not(IsEmpty()));
  EXPECT_EQ(Run(cluster, First(four, 3), {"forget", gone}), 0);
  EXPECT_THAT(ReadIndex(cluster.gateway().options().index).pending, IsEmpty());
  for (const std::string& file : cluster.volume(3).Files()) {
    std::filesystem::remove(cluster.volume(3).folder().string() + file);
  }
  ExpectAsFresh(cluster, First(four, 3));
}

// Small values that go to other volumes altogether: nobody is asked beforehand who has them.
TEST_F(RebalanceCommand, MovesKeysToOtherVolumesAltogether) {
  Cluster cluster(Impatient(7));
  Fill(cluster);
  const std::vector<std::string> all = cluster.VolumeNames();
  const std::vector<std::string> old_ones = First(all, 3);
  RunToTheEnd(cluster, old_ones);
  ExpectAsFresh(cluster, old_ones);

  RemoveFiles(cluster.volume(0));
  Damage(cluster.volume(1));
  cluster.volume(3).Kill();
  const std::vector<std::string> new_ones(all.begin() + 3, all.end());
  ASSERT_EQ(Run(cluster, new_ones), 1) << "one of them does not answer";
  ExpectAsFresh(cluster, {all.begin() + 4, all.end()});
}

TEST_F(RebalanceCommand, FailsForKeysThatHaveTooFewVolumesLeft) {
  Cluster cluster(Impatient());
  Fill(cluster);
  cluster.volume(1).Kill();
  EXPECT_EQ(Run(cluster, cluster.VolumeNames()), 1);
  cluster.volume(1).Start();
  EXPECT_EQ(Run(cluster, cluster.VolumeNames()), 0);
  ExpectAsFresh(cluster, cluster.VolumeNames());
}

TEST_F(RebalanceCommand, RestoresLostReplicas) {
  Cluster cluster(Impatient());
  Fill(cluster);
  RemoveFiles(cluster.volume(0));
  EXPECT_EQ(Run(cluster, cluster.VolumeNames()), 0);
  ExpectAsFresh(cluster, cluster.VolumeNames());
}

TEST_F(RebalanceCommand, CopiesNoDamagedReplica) {
  Cluster cluster(Impatient());
  Fill(cluster);
  Damage(cluster.volume(1));
  Damage(cluster.volume(2));
  RemoveFiles(cluster.volume(0));
  EXPECT_EQ(Run(cluster, cluster.VolumeNames()), 1);
  EXPECT_THAT(cluster.volume(0).Files(), IsEmpty()) << "no copy is better than a wrong one";
}

TEST_F(RebalanceCommand, RepairsTheDamagedReplicasThatItMeets) {
  Cluster cluster(Impatient());
  Fill(cluster);
  const std::vector<std::string> volumes = cluster.VolumeNames();
  RemoveFiles(cluster.volume(0));
  Damage(cluster.volume(1));
  EXPECT_EQ(Run(cluster, volumes), 0);

  int met = 0;
  for (const auto& [key, object] : ReadIndex(cluster.gateway().options().index).objects) {
    const std::string value = Value(std::stoi(key.substr(key.rfind(' '))));
    const std::vector<std::string>& order = object.record.volumes;
    const auto place = [&order, &volumes](int number) {
      return std::find_if(order.begin(), order.end(), [&](const std::string& volume) {
        return volume.starts_with(volumes[number] + "/");
      });
    };
    // Only what it had to read it knows: of the two that were left, the first one.
    const bool read = place(1) < place(2);
    met += read ? 1 : 0;
    for (const int number : {0, 1, 2}) {
      const std::string url = BlobLocation{*place(number), object.Path()}.Url();
      EXPECT_EQ(cluster.client().Get(url).body == value, number != 1 || read) << url;
    }
  }
  EXPECT_GT(met, 10);
}

}  // namespace
}  // namespace mkv::testing
