// Rebuilding an index from real volumes.

#include "tests/store/rebuild_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mkvcore/format/sidecar.h"
#include "mkvcore/volumes/value_hasher.h"
#include "tests/support/generated_value.h"
#include "tests/support/original_store.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::Md5Hex;
using testing::NginxVolume;

class OriginalStoreRebuildTest : public ::testing::TestWithParam<std::string> {
 protected:
  RebuildSummary Run(bool rehash) {
    RebuildOptions options = Options(store_.index());
    options.rehash = rehash;
    return mkv::Run(placement_, options);
  }

  const testing::OriginalStore store_{GetParam()};
  const std::vector<std::unique_ptr<NginxVolume>> volumes_ = store_.StartVolumes();
  const Placement placement_{store_.volumes(), store_.replicas(), store_.subvolumes()};
};

TEST_P(OriginalStoreRebuildTest, BesideItsIndexYieldsTheSameRecords) {
  const RebuildSummary summary = Run(false);
  EXPECT_TRUE(summary.ok());
  EXPECT_EQ(EntriesOf(store_.index()), store_.records());
  EXPECT_EQ(summary.keys, store_.records().size());
  EXPECT_EQ(summary.files, store_.records().size() * store_.replicas());
  EXPECT_EQ(summary.unknown_before, 0u);
  EXPECT_EQ(summary.foreign, 0u) << Describe(summary);
  EXPECT_EQ(summary.folders_done, RebuildSummary::kFolders);
  for (const auto& object : store_.objects()) {
    const auto found = Find(store_.index(), object.key);
    ASSERT_TRUE(found && found->metadata) << object.key;
    EXPECT_EQ(found->metadata->size(), object.size);
    EXPECT_GT(found->metadata->mtime_us(), 1'500'000'000'000'000);
  }
}

TEST_P(OriginalStoreRebuildTest, FromTheVolumesAloneYieldsTheSameKeysAndVolumes) {
  fs::remove_all(store_.index());
  const RebuildSummary summary = Run(false);
  Entries expected;
  for (const auto& [key, bytes] : store_.records()) {
    expected[key] = Record{false, "", Record::Decode(bytes).value().volumes}.Encode();
  }
  EXPECT_EQ(EntriesOf(store_.index()), expected);
  EXPECT_FALSE(summary.old_index_read);
  EXPECT_EQ(summary.unknown_before, summary.keys);
  EXPECT_EQ(summary.unlinked, 0u);
}

TEST_P(OriginalStoreRebuildTest, FromTheVolumesAloneReadingThemYieldsTheHashesToo) {
  fs::remove_all(store_.index());
  const RebuildSummary summary = Run(true);
  EXPECT_EQ(summary.rehashed, summary.keys);
  Entries expected;
  for (const auto& object : store_.objects()) {
    const Record record = Record::Decode(store_.records().at(object.key)).value();
    expected[object.key] = Record{false, object.md5, record.volumes}.Encode();
  }
  EXPECT_EQ(EntriesOf(store_.index()), expected);
  for (const auto& object : store_.objects()) {
    EXPECT_TRUE(Find(store_.index(), object.key)->metadata->has_crc32c());
  }
}

INSTANTIATE_TEST_SUITE_P(All, OriginalStoreRebuildTest,
                         ::testing::ValuesIn(testing::OriginalStore::Names()),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_F(RebuildTest, EmptyVolumesMakeAnEmptyIndex) {
  const RebuildSummary summary = Run();
  EXPECT_TRUE(summary.ok());
  EXPECT_EQ(summary.keys, 0u);
  EXPECT_EQ(summary.foreign, 0u) << Describe(summary);
  EXPECT_EQ(EntriesOf(index(), false), Entries());
}

TEST_F(RebuildTest, FindsKeysOfEveryShape) {
  const std::vector<std::string> keys = {
      "/plain",
      "/a?",
      "/\xff\xff\xff",
      "/emoji/\xf0\x9f\x98\x80",
      "/" + std::string(188, 'a'),
      "/" + std::string(1000, 'b'),
      "/" + std::string(300, '\xff'),
      "/.mkv/bucket/photos",
      "/with space, +, %2F and \"quotes\"\\",
      "/\x01\x02\n",
  };
  for (const std::string& key : keys) PutBlob(key, kPlain, key);
  for (const std::string& key : keys) PutBlob(key + "-", 77, key);
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.foreign, 0u) << Describe(summary);
  EXPECT_EQ(summary.keys, 2 * keys.size());
  for (const std::string& key : keys) {
    for (const std::string& name : {key, key + "-"}) {
      const auto object = Find(name);
      ASSERT_TRUE(object && object->metadata) << name;
      EXPECT_THAT(object->record.volumes, ElementsAreArray(placement_->Choose(name)));
      EXPECT_EQ(object->metadata->size(), key.size());
      EXPECT_EQ(object->generation(), name == key ? kPlain : 77u);
      EXPECT_TRUE(fs::exists(FileOn(object->record.volumes[0], object->Path()))) << name;
    }
  }
}

TEST_F(RebuildTest, BlobInTheOriginalsSpellingHasNoMetadata) {
  const std::string key = "/\xff\xff\xff";
  for (const std::string& entry : placement_->Choose(key)) {
    PutFile(entry, OriginalBlobPath(key), "value");  // the file system merges slashes as nginx does
  }
  EXPECT_EQ(Run().keys, 1u);
  const auto object = Find(key);
  ASSERT_TRUE(object);
  EXPECT_FALSE(object->metadata);
  EXPECT_EQ(object->Path(), OriginalBlobPath(key));
}

TEST_F(RebuildTest, GreatestCompleteGenerationIsTheValueAndTheOthersAreCounted) {
  PutBlob("/key", kPlain, "one");
  PutBlob("/key", 5, "second");
  PutFile(placement_->Choose("/key")[0], BlobPath("/key", 9), "unfinished");
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_EQ(summary.files, 5u);
  EXPECT_EQ(summary.superseded, 2u);
  EXPECT_EQ(Find("/key")->generation(), 5u);
  EXPECT_EQ(Find("/key")->metadata->size(), 6u);
  EXPECT_TRUE(fs::exists(FileOn(placement_->Choose("/key")[0], BlobPath("/key", 9))));
}

TEST_F(RebuildTest, ForeignFilesAreCountedReportedAndLeftAlone) {
  PutBlob("/key", kPlain, "value");
  const std::string volume = volumes_[0]->name();
  const std::vector<std::pair<std::string, std::string>> foreign = {
      {volume, "/README"},
      {volume, "/sv01/notes.txt"},
      {volume, "/sv01/ab/notes.txt"},
      {volume + "/sv01", "/5d/41/aGVsbG8=.tmp"},
      {volume + "/sv01", "/5d/41/not.a.key/file"},
      {volume + "/sv01", "/5d/41/a\"quoted\\\xff"},
      // A well-formed name, but of `hello`, which no client can have stored: no slash.
      {volume + "/sv02", "/5d/41/aGVsbG8="},
  };
  for (const auto& [entry, path] : foreign) PutFile(entry, path, "x");
  PutFile(volume, "/body_temp/0000000001", "nginx's own");
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_EQ(summary.foreign, 6u) << Describe(summary);
  EXPECT_THAT(summary.examples, Contains("foreign: " + volume + "/README"));
  EXPECT_EQ(EntriesOf(index()).size(), 1u);
  for (const auto& [entry, path] : foreign) EXPECT_TRUE(fs::exists(FileOn(entry, path))) << path;
}

TEST_F(RebuildTest, ReplicasOfAnotherSizeAreLeftOut) {
  PutBlob("/key", kPlain, "value");
  const std::string third = placement_->Order("/key")[2];
  PutFile(third, BlobPath("/key", kPlain), "val");
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.disagreeing, 1u);
  EXPECT_THAT(Find("/key")->record.volumes, ElementsAreArray(placement_->Choose("/key")));
  EXPECT_THAT(summary.examples,
              Contains("replica of another size: " + third + BlobPath("/key", 0)));
}

TEST_F(RebuildTest, KeysOnTooFewVolumesAreCounted) {
  PutFile(placement_->Order("/key")[1], BlobPath("/key", kPlain), "value");
  EXPECT_EQ(Run().under_replicated, 1u);
  EXPECT_THAT(Find("/key")->record.volumes, ElementsAre(placement_->Order("/key")[1]));
}

TEST_F(RebuildTest, FindsWhatLiesInTheSubvolumesOfAnotherConfiguration) {
  PutFile(volumes_[0]->name(), BlobPath("/none", kPlain), "value");
  PutFile(volumes_[1]->name() + "/svF0", BlobPath("/many", kPlain), "value");
  EXPECT_EQ(Run().keys, 2u);
  EXPECT_THAT(Find("/none")->record.volumes, ElementsAre(volumes_[0]->name()));
  EXPECT_THAT(Find("/many")->record.volumes, ElementsAre(volumes_[1]->name() + "/svF0"));
}

TEST_F(RebuildTest, ASubvolumeThatIsALinkToAnotherDiskIsRead) {
  const fs::path disk = folder_.path() / "disk";
  const fs::path subvolume = volumes_[0]->folder() / "sv01";
  fs::rename(subvolume, disk);
  fs::create_directory_symlink(disk, subvolume);
  PutFile(volumes_[0]->name() + "/sv01", BlobPath("/key", kPlain), "value");
  EXPECT_EQ(Run().keys, 1u);
}

TEST_F(RebuildTest, SidecarsTellWhatTheBlobCanNot) {
  const auto sidecar = [](const std::string& etag, std::uint64_t revision) {
    format::ObjectMetadata metadata;
    metadata.set_etag(etag);
    metadata.set_md5("0123456789abcdef");
    return EncodeSidecar(metadata, revision);
  };
  PutBlob("/key", 5, "value");
  const std::vector<std::string> places = placement_->Choose("/key");
  PutFile(places[0], SidecarPath("/key", 5), sidecar("stale", 1));
  PutFile(places[1], SidecarPath("/key", 5), sidecar("newest", 2));
  PutBlob("/bad", kPlain, "value");
  PutFile(placement_->Choose("/bad")[0], SidecarPath("/bad", kPlain), "not JSON");
  PutFile(places[0], SidecarPath("/alone", kPlain), sidecar("", 1));

  RebuildOptions options = Options(index());
  options.read_sidecar = [](std::string_view json, format::ObjectMetadata& metadata) {
    if (metadata.size() != 5 || metadata.mtime_us() == 0) throw std::runtime_error("not described");
    const format::Sidecar read = DecodeSidecar(json).value();
    metadata.set_etag(read.metadata().etag());
    metadata.set_md5(read.metadata().md5());
  };
  const RebuildSummary summary = mkv::Run(*placement_, options);
  EXPECT_EQ(summary.unreadable, 1u) << Describe(summary);
  EXPECT_EQ(summary.stray_sidecars, 1u);
  EXPECT_FALSE(summary.ok());
  const auto object = Find("/key");
  EXPECT_TRUE(object->metadata->sidecar());
  EXPECT_EQ(object->metadata->etag(), "newest");
  EXPECT_EQ(object->record.hash, "30313233343536373839616263646566");
  EXPECT_TRUE(Find("/bad")->metadata->sidecar());
  EXPECT_FALSE(Find("/alone"));
}

// The old index may be a backup, and tags, ACL and headers have changed since.

TEST_F(RebuildTest, AnUnreachableVolumeFailsItAndLeavesTheOldIndexAsItWas) {
  PutBlob("/key", kPlain, "value");
  WriteOld("/old", Record{false, "", {"a:1"}}, std::nullopt);
  const Entries before = EntriesOf(index(), false);
  volumes_[1]->Stop();
  try {
    Run();
    FAIL() << "a volume was down";
  } catch (const WalkError& error) {
    EXPECT_THAT(error.what(), HasSubstr("volume " + volumes_[1]->name() + " does not list /"));
  }
  EXPECT_EQ(EntriesOf(index(), false), before);
  EXPECT_FALSE(fs::exists(index() + ".rebuild"));
  volumes_[1]->Start();
  EXPECT_EQ(Run().keys, 1u);
  EXPECT_FALSE(Find("/old"));
}

TEST_F(RebuildTest, AVolumeThatRefusesToListFailsIt) {
  const NginxVolume closed(
      {.folder = folder_.path() / "closed", .subvolumes = 3, .key = "not-the-key-of-this-client"});
  const Placement placement({volumes_[0]->name(), closed.name()}, 2, 3);
  try {
    mkv::Run(placement, Options(index()));
    FAIL() << "a volume was closed";
  } catch (const WalkError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr(closed.name() + " does not list /: HTTP status 403 (is MKV_VOLUME_KEY"));
  }
}

TEST_F(RebuildTest, ALinkWhereAFolderShouldBeIsForeign) {
  PutBlob("/key", kPlain, "value");
  const fs::path folder =
      FileOn(placement_->Choose("/key")[0], BlobPath("/key", kPlain)).parent_path();
  fs::remove_all(folder);
  fs::create_directory_symlink(folder, folder);  // a loop, too
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.foreign, 1u);
  EXPECT_EQ(summary.under_replicated, 1u);
}

TEST_F(RebuildTest, IsRefusedWhileTheIndexIsInUse) {
  PutBlob("/key", kPlain, "value");
  const auto open = LevelDbIndex::Open(index());
  EXPECT_THROW(Run(), IndexInUse);
}

TEST_F(RebuildTest, ACorruptedOldIndexIsKeptAsideAndDoneWithout) {
  PutBlob("/key", kPlain, "value");
  WriteOld("/key", Record{true, "", placement_->Choose("/key")}, std::nullopt);
  fs::remove(index() + "/CURRENT");
  const RebuildSummary summary = Run();
  EXPECT_FALSE(summary.old_index_read);
  EXPECT_EQ(summary.unknown_before, 1u);
  EXPECT_FALSE(Find("/key")->record.unlinked);
  EXPECT_TRUE(fs::is_directory(summary.old_index_kept));
  EXPECT_THAT(Describe(summary), HasSubstr(summary.old_index_kept));
}

TEST_F(RebuildTest, AnOldIndexWithATableCutShortIsKeptAsideAndDoneWithout) {
  PutBlob("/key", kPlain, "value");
  WriteOld("/key", Record{true, "", placement_->Choose("/key")}, std::nullopt);
  LevelDbIndex::Open(index());  // moves the log into a table
  for (const auto& entry : fs::directory_iterator(index())) {
    if (entry.path().extension() == ".ldb") fs::resize_file(entry, fs::file_size(entry) / 2);
  }
  const RebuildSummary summary = Run();
  EXPECT_TRUE(summary.lacks());
  EXPECT_FALSE(Find("/key")->record.unlinked);
  EXPECT_TRUE(fs::is_directory(summary.old_index_kept));
  EXPECT_THAT(Describe(summary), HasSubstr("what only they knew is lost"));
}

TEST_F(RebuildTest, InterruptedLeavesTheOldIndexAsItWas) {
  for (int i = 0; i < 50; ++i) PutBlob("/key-" + std::to_string(i), kPlain, "value");
  WriteOld("/old", Record{false, "", {"a:1"}}, std::nullopt);
  const Entries before = EntriesOf(index(), false);
  VolumeHealth health;
  VolumeClient client(VolumeOptions{}, health);
  std::atomic<bool> stop = false;
  EXPECT_THROW(Rebuild(
                   client, *placement_, Options(index()),
                   [&stop](const RebuildSummary&) { stop = true; }, stop),
               Interrupted);
  EXPECT_EQ(EntriesOf(index(), false), before);
  EXPECT_EQ(Run().keys, 50u);
}

TEST_F(RebuildTest, ManyKeysFromManyThreads) {
  for (int i = 0; i < 2000; ++i) PutBlob("/key-" + std::to_string(i), kPlain, std::to_string(i));
  RebuildOptions options = Options(index());
  options.threads = 16;
  options.rehash = true;
  VolumeHealth health;
  VolumeClient client(VolumeOptions{}, health);
  const std::atomic<bool> stop = false;
  std::uint64_t last = 0;
  const RebuildSummary summary = Rebuild(
      client, *placement_, options,
      [&last](const RebuildSummary& now) {
        EXPECT_GE(now.folders_done, last);
        last = now.folders_done;
      },
      stop);
  EXPECT_EQ(summary.keys, 2000u);
  EXPECT_EQ(summary.rehashed, 2000u);
  EXPECT_EQ(last, RebuildSummary::kFolders);
  EXPECT_EQ(Find("/key-1999")->record.hash, Md5Hex("1999"));
}

// By a move, for instance, which leaves garbage on the volumes where the value was.
}  // namespace
}  // namespace mkv
