// `mkv scrub`: bit rot, lost files and lost disks.
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "tests/faults/maintained_store.h"

namespace mkv::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class Scrub : public MaintainedStore {
 protected:
  // As if the original had written the key: nothing is known of it but what its record says.
  void ForgetMetadata(const std::string& key, bool hash) {
    const auto index = LevelDbIndex::Open(cluster_.gateway().options().index.string());
    Record record = ObjectOf(key).record;
    if (!hash) record.hash.clear();
    Batch batch;
    batch.Put(key, record.Encode());
    batch.Delete(MetadataKey(key));
    ASSERT_TRUE(index->Write(batch, Index::Durability::kSynced));
  }
};

TEST_F(Scrub, FindsNothingWhereNothingIsWrong) {
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  cluster_.gateway().Start();
  EXPECT_EQ(RunAtServer({"scrub"}), 0) << Printed();
}

TEST_F(Scrub, RepairsFlippedBytesFromAGoodReplica) {
  FlipByte(ReplicaFile(NativeKey(1), 0), 0);
  FlipByte(ReplicaFile(NativeKey(0), 1), 17);  // unlinked, and still the user's
  FlipByte(ReplicaFile(S3Key(0), 2), 400);
  FlipByte(ReplicaFile(S3Key(1), 0), 3);
  FlipByte(ReplicaFile(S3Key(1), 1), 4);
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("5 damaged"));
  EXPECT_THAT(Printed(), HasSubstr("damaged: http://"));
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  ExpectAllSound();
}

TEST_F(Scrub, RestoresMissingAndCutFilesInARunningServer) {
  fs::remove(ReplicaFile(NativeKey(2), 0));
  fs::remove(ReplicaFile(S3Key(2), 1));
  fs::remove(SidecarFile(S3Key(2), 1));
  fs::resize_file(ReplicaFile(NativeKey(3), 1), 10);
  fs::resize_file(ReplicaFile(S3Key(3), 2), 0);
  cluster_.gateway().Start();
  EXPECT_EQ(RunAtServer({"scrub", "-rate=10M"}), 3) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("2 damaged, 2 missing"));
  EXPECT_EQ(RunAtServer({"scrub"}), 0) << Printed();
  ExpectAllSound();
}

TEST_F(Scrub, RestoresSidecars) {
  fs::remove(SidecarFile(S3Key(0), 0));
  FlipByte(SidecarFile(S3Key(1), 1), 5);
  for (std::size_t i = 0; i < 3; ++i) fs::remove(SidecarFile(S3Key(2), i));
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("5 sidecars missing or wrong"));
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  EXPECT_EQ(Run({"check"}), 0) << Printed();
  ExpectAllSound();
}

// The volume delivers it, but nothing that long is read.
TEST_F(Scrub, RestoresASidecarThatCanNotBeReadToItsEnd) {
  std::ofstream(SidecarFile(S3Key(0), 0)) << std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("1 sidecars missing or wrong"));
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  EXPECT_EQ(Run({"check"}), 0) << Printed();
}

TEST_F(Scrub, FillsAVolumeThatWasWiped) {
  Wipe(cluster_.volume(1));
  ASSERT_TRUE(cluster_.volume(1).Files().empty());
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  ExpectAllSound();
}

TEST_F(Scrub, ReportsKeysThatHaveNoGoodReplicaAndLeavesThemAlone) {
  for (std::size_t i = 0; i < 3; ++i) FlipByte(ReplicaFile(NativeKey(4), i), 1 + 2 * i);
  for (std::size_t i = 0; i < 3; ++i) fs::remove(ReplicaFile(S3Key(4), i));
  const std::string damaged = FileText(ReplicaFile(NativeKey(4), 0));
  EXPECT_EQ(Run({"scrub"}), 4) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("lost: \"" + NativeKey(4) + "\""));
  EXPECT_THAT(Printed(), HasSubstr("lost: \"" + S3Key(4) + "\""));
  EXPECT_THAT(Printed(), HasSubstr("2 lost"));
  EXPECT_EQ(FileText(ReplicaFile(NativeKey(4), 0)), damaged);
}

TEST_F(Scrub, GoesByTheMd5OfWhatTheOriginalWrote) {
  ForgetMetadata(NativeKey(5), /*hash=*/true);
  FlipByte(ReplicaFile(NativeKey(5), 0), 5);
  FlipByte(ReplicaFile(NativeKey(5), 1), 5);  // the majority would be wrong
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  ExpectAllSound();
}

TEST_F(Scrub, WhereNoDigestIsKnownTheMajorityIsRight) {
  ForgetMetadata(NativeKey(6), /*hash=*/false);
  FlipByte(ReplicaFile(NativeKey(6), 0), 5);
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  ExpectAllSound();

  FlipByte(ReplicaFile(NativeKey(6), 0), 5);
  FlipByte(ReplicaFile(NativeKey(6), 1), 6);
  EXPECT_EQ(Run({"scrub"}), 4) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("nothing tells which is right"));
}

// What is learned of a key when S3 asks for it must not be that of a replica that was cut short.
TEST_F(Scrub, ACutReplicaIsNotTakenForTheValueWhenS3AsksForItsSize) {
  const std::vector<std::string> keys = {NativeKey(5), NativeKey(6)};
  ForgetMetadata(keys[0], /*hash=*/true);
  ForgetMetadata(keys[1], /*hash=*/false);
  for (const std::string& key : keys) fs::resize_file(ReplicaFile(key, 0), 100);
  cluster_.gateway().Start();
  const std::string listed =
      cluster_.client().Do({.url = cluster_.gateway().Url("/native") + "?list-type=2"}).body;
  EXPECT_THAT(listed, Not(HasSubstr("<Size>100</Size>")));
  EXPECT_EQ(cluster_.gateway().Terminate(), 0);
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_THAT(Printed(), HasSubstr("0 lost"));
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  ExpectAllSound();
}

TEST_F(Scrub, ReadsNoFasterThanItIsTold) {
  const std::string key = "/large";
  cluster_.gateway().Start();
  ASSERT_EQ(cluster_.Put(key, std::string(400'000, 'x')).status, 201);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(RunAtServer({"scrub", "-rate=1M"}), 0) << Printed();
  // 1.2 MB and more in all; the last piece is waited for too.
  EXPECT_GT(std::chrono::steady_clock::now() - began, 1s);
}

TEST_F(Scrub, AReadThatMeetsADamagedReplicaHasItRepaired) {
  cluster_.gateway().Start();
  const auto becomes_sound = [this](const std::string& key, std::size_t number) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (FileText(ReplicaFile(key, number)) != Value(key)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  };
  const auto get = [this](const std::string& key) {
    return cluster_.client().Do(
        {.url = cluster_.gateway().Url(key), .headers = {"x-amz-date: 20260101T000000Z"}});
  };
  // A small object is checked before its first byte is sent, and then comes from another replica.
  FlipByte(ReplicaFile(S3Key(5), 0), 100);
  EXPECT_EQ(get(S3Key(5)).body, Value(S3Key(5)));
  EXPECT_TRUE(becomes_sound(S3Key(5), 0));
  EXPECT_EQ(get(S3Key(5)).body, Value(S3Key(5)));
  // One that is cut short: the next one goes on.
  fs::resize_file(ReplicaFile(S3Key(6), 0), 5);
  EXPECT_EQ(get(S3Key(6)).body, Value(S3Key(6)));
  EXPECT_TRUE(becomes_sound(S3Key(6), 0));
}

TEST_F(Scrub, ACopyOfADamagedReplicaFailsAndHasItRepaired) {
  cluster_.gateway().Start();
  FlipByte(ReplicaFile(S3Key(5), 0), 100);
  const auto copy = [this] {
    return cluster_.client().Do({.method = "PUT",
                                 .url = cluster_.gateway().Url("/bucket/copy"),
                                 .headers = {"x-amz-copy-source: /bucket/object%205"}});
  };
  EXPECT_NE(copy().status, 200);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (copy().status != 200 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(FileText(ReplicaFile(S3Key(5), 0)), Value(S3Key(5)));
  EXPECT_EQ(cluster_.Get("/bucket/copy").body, Value(S3Key(5)));
}

TEST_F(Scrub, ANativeReadThatMissesAReplicaHasItRestored) {
  const fs::path file = ReplicaFile(NativeKey(7), 1);
  fs::remove(file);
  cluster_.gateway().Start();
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  // Replicas are asked in random order, and only until one answers.
  while (!fs::exists(file) && std::chrono::steady_clock::now() < deadline) {
    EXPECT_EQ(cluster_.Get(NativeKey(7)).body, Value(NativeKey(7)));
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(fs::exists(file));
}

// Four volumes, three replicas.
class ScrubWithASpare : public MaintainedStore {
 protected:
  ScrubWithASpare() : MaintainedStore(Impatient(4)) {}
};

// Nor is there a sidecar left to copy.
TEST_F(ScrubWithASpare, WritesLostSidecarsOfAKeyThatHasToMoveFromTheIndex) {
  const std::size_t gone = 2;
  for (std::size_t i = 0; i < 3; ++i) {
    const BlobLocation replica = ObjectOf(S3Key(1)).Replicas()[i];
    if (!replica.volume.starts_with(cluster_.volume(gone).name())) {
      fs::remove(FileOf(cluster_, replica).string() + ".meta");
    }
  }
  cluster_.volume(gone).Kill();
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  const SettledStore now = ReadIndex(cluster_.gateway().options().index);
  for (const BlobLocation& replica : now.objects.at(S3Key(1)).Replicas()) {
    EXPECT_THAT(FileText(FileOf(cluster_, replica).string() + ".meta"), HasSubstr("colour"));
  }
}

TEST_F(ScrubWithASpare, GivesEveryKeyItsReplicasBackWhenAVolumeIsGone) {
  const std::string gone = cluster_.volume(2).name();
  cluster_.volume(2).Kill();
  EXPECT_EQ(Run({"scrub"}), 3) << Printed();
  const SettledStore now = ReadIndex(cluster_.gateway().options().index);
  for (const auto& [key, object] : now.objects) {
    EXPECT_EQ(object.record.volumes.size(), 3U) << key;
    EXPECT_THAT(object.record.Encode(), Not(HasSubstr(gone))) << key;
    if (!key.starts_with("/native/") && !key.starts_with("/bucket/")) continue;
    for (const BlobLocation& replica : object.Replicas()) {
      EXPECT_EQ(FileText(FileOf(cluster_, replica)), Value(key)) << replica.Url();
    }
  }
  EXPECT_EQ(Run({"scrub"}), 0) << Printed();
  cluster_.volume(2).Start();
  cluster_.gateway().Start();
  ExpectNothingLeftOver(cluster_);
}

}  // namespace
}  // namespace mkv::testing
