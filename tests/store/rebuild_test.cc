// Rebuilding an index from real volumes.

#include "mkvcore/store/rebuild.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/format/sidecar.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/object.h"
#include "mkvcore/volumes/value_hasher.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/support/generated_value.h"
#include "tests/support/nginx_volume.h"
#include "tests/support/original_store.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::Md5Hex;
using testing::NginxVolume;

using Entries = std::map<std::string, std::string>;

Entries EntriesOf(const std::string& folder, bool records_only = true) {
  const auto index = LevelDbIndex::Open(folder);
  Entries entries;
  const auto entry = index->NewIterator();
  for (entry->Seek(""); entry->Valid(); entry->Next()) {
    if (!records_only || entry->key().starts_with('/')) {
      entries.emplace(entry->key(), entry->value());
    }
  }
  return entries;
}

std::optional<Object> Find(const std::string& folder, const std::string& key) {
  const auto index = LevelDbIndex::Open(folder);
  return Object::Decode(key, index->Get(key), index->Get(MetadataKey(key)));
}

RebuildOptions Options(const std::string& folder) {
  RebuildOptions options;
  options.index_folder = folder;
  options.threads = 4;
  options.walk = {.attempts = 2, .retry_delay = std::chrono::milliseconds(10)};
  return options;
}

RebuildSummary Run(const Placement& placement, const RebuildOptions& options) {
  VolumeHealth health;
  VolumeClient client(VolumeOptions{}, health);
  const std::atomic<bool> stop = false;
  return Rebuild(client, placement, options, {}, stop);
}

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

class RebuildTest : public ::testing::Test {
 protected:
  RebuildTest() {
    std::vector<std::string> names;
    for (int i = 0; i < 3; ++i) {
      volumes_.push_back(std::make_unique<NginxVolume>(testing::NginxVolumeOptions{
          .folder = folder_.path() / ("volume" + std::to_string(i)), .subvolumes = 3}));
      names.push_back(volumes_.back()->name());
    }
    placement_ = std::make_unique<Placement>(names, 2, 3);
  }

  std::string index() const { return folder_.path() / "index"; }

  // The file `path` on the volume that an index entry names.
  fs::path FileOn(const std::string& entry, const std::string& path) const {
    const std::size_t slash = entry.find('/');
    for (const auto& volume : volumes_) {
      if (volume->name() == entry.substr(0, slash)) {
        return volume->folder().string() + (slash == std::string::npos ? "" : entry.substr(slash)) +
               path;
      }
    }
    throw std::runtime_error("no volume " + entry);
  }
  void PutFile(const std::string& entry, const std::string& path,
               const std::string& content) const {
    const fs::path file = FileOn(entry, path);
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }
  // On the two volumes where it belongs.
  void PutBlob(const std::string& key, Generation generation, const std::string& content) const {
    for (const std::string& entry : placement_->Choose(key)) {
      PutFile(entry, BlobPath(key, generation), content);
    }
  }
  void WriteOld(const std::string& key, const Record& record,
                std::optional<format::ObjectMetadata> metadata) const {
    Batch batch;
    batch.Put(key, record.Encode());
    if (metadata) {
      metadata->set_record(record.Encode());
      batch.Put(MetadataKey(key), metadata->SerializeAsString());
    }
    ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));
  }
  static format::ObjectMetadata Metadata(Generation generation, std::uint64_t size) {
    format::ObjectMetadata metadata;
    metadata.set_generation(generation);
    metadata.set_size(size);
    metadata.set_mtime_us(42);
    return metadata;
  }

  RebuildSummary Run() const { return mkv::Run(*placement_, Options(index())); }
  std::optional<Object> Find(const std::string& key) const { return mkv::Find(index(), key); }

  const testing::TempFolder folder_;
  std::vector<std::unique_ptr<NginxVolume>> volumes_;
  std::unique_ptr<Placement> placement_;
};

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

TEST_F(RebuildTest, WhatOnlyTheOldIndexKnowsOfTheSameBlobIsKept) {
  PutBlob("/key", 5, "value");
  format::ObjectMetadata metadata = Metadata(5, 5);
  metadata.set_etag("parts-2");
  auto& header = *metadata.add_headers();
  header.set_name("content-type");
  header.set_value("text/plain");
  WriteOld("/key", Record{true, Md5Hex("value"), {"gone:1/sv00"}}, metadata);
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.unlinked, 1u);
  EXPECT_EQ(summary.unknown_before, 0u);
  const auto object = Find("/key");
  ASSERT_TRUE(object && object->metadata);
  EXPECT_TRUE(object->record.unlinked);
  EXPECT_EQ(object->record.hash, Md5Hex("value"));
  EXPECT_THAT(object->record.volumes, ElementsAreArray(placement_->Choose("/key")));
  EXPECT_EQ(object->metadata->etag(), "parts-2");
  EXPECT_EQ(object->metadata->headers_size(), 1);
  EXPECT_EQ(object->metadata->mtime_us(), 42);
}

TEST_F(RebuildTest, WhatTheOldIndexSaysOfAnotherBlobIsNotBelieved) {
  PutBlob("/key", 5, "value");
  WriteOld("/key", Record{true, Md5Hex("other"), {"gone:1/sv00"}}, Metadata(4, 5));
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.unknown_before, 1u);
  EXPECT_FALSE(Find("/key")->record.unlinked);
  EXPECT_EQ(Find("/key")->record.hash, "");
}

TEST_F(RebuildTest, AValueOfAnotherSizeThanTheOldIndexSaysIsDamaged) {
  PutBlob("/key", 5, "val");
  WriteOld("/key", Record{false, Md5Hex("value"), placement_->Choose("/key")}, Metadata(5, 5));
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.damaged, 1u);
  EXPECT_FALSE(summary.ok());
  EXPECT_EQ(Find("/key")->record.hash, "");
  EXPECT_EQ(Find("/key")->metadata->size(), 3u);
}

TEST_F(RebuildTest, ReadingFindsValuesThatWereDamagedSince) {
  PutBlob("/key", kPlain, "valve");
  WriteOld("/key", Record{false, Md5Hex("value"), placement_->Choose("/key")}, std::nullopt);
  RebuildOptions options = Options(index());
  options.rehash = true;
  const RebuildSummary summary = mkv::Run(*placement_, options);
  EXPECT_EQ(summary.damaged, 1u);
  EXPECT_FALSE(summary.ok());
  EXPECT_EQ(Find("/key")->record.hash, Md5Hex("value"));
}

// As of multipart uploads: no MD5 of the whole is known, but its CRC32C is.
TEST_F(RebuildTest, ReadingFindsDamageByTheChecksumWhereNoMd5IsKnown) {
  for (const std::string& key : std::vector<std::string>{"/whole", "/damaged"}) {
    PutBlob(key, 5, key == "/whole" ? "value" : "valve");
    format::ObjectMetadata metadata = Metadata(5, 5);
    metadata.set_crc32c(Crc32c("value"));
    WriteOld(key, Record{false, "", placement_->Choose(key)}, metadata);
  }
  RebuildOptions options = Options(index());
  options.rehash = true;
  const RebuildSummary summary = mkv::Run(*placement_, options);
  EXPECT_EQ(summary.damaged, 1u);
  EXPECT_THAT(Describe(summary), HasSubstr("CRC32C"));
  EXPECT_EQ(Find("/whole")->record.hash, Md5Hex("value"));
  EXPECT_EQ(Find("/damaged")->record.hash, "");
  EXPECT_EQ(Find("/damaged")->metadata->crc32c(), Crc32c("value"));
}

std::string PendingBlobAt(Generation generation, const std::vector<std::string>& volumes) {
  format::Pending entry;
  format::PendingBlob& blob = *entry.add_blobs();
  blob.set_id(1);
  blob.set_kind(format::PendingBlob::GARBAGE);
  blob.set_generation(generation);
  for (const std::string& volume : volumes) blob.add_places()->set_volume(volume);
  return entry.SerializeAsString();
}

TEST_F(RebuildTest, WhatWasPendingStaysPendingAndIsNoValue) {
  PutBlob("/overwritten", kPlain, "old");
  PutBlob("/overwritten", 5, "new");
  PutBlob("/deleted", kPlain, "gone");
  Batch batch;
  // The newer one is an intent that was never committed: the older one is the value.
  batch.Put(PendingKey("/overwritten"), PendingBlobAt(5, placement_->Choose("/overwritten")));
  batch.Put(PendingKey("/deleted"), PendingBlobAt(kPlain, placement_->Choose("/deleted")));
  batch.Put(PendingKey("/on no volume"), PendingBlobAt(9, {"dead:1"}));
  batch.Put("zzz/of a later version", "kept");
  ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));

  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_EQ(summary.pending, 4u);
  EXPECT_EQ(Find("/overwritten")->generation(), kPlain);
  EXPECT_FALSE(Find("/deleted"));
  const Entries entries = EntriesOf(index(), false);
  for (const Batch::Entry& entry : batch.changes()) {
    ASSERT_TRUE(entries.contains(entry.key)) << entry.key;
    EXPECT_EQ(entries.at(entry.key), entry.value);
  }
}

// More than a rebuild remembers.
TEST_F(RebuildTest, OfManyPendingKeysNoneIsForgotten) {
  PutBlob("/999999", kPlain, "gone");
  PutBlob("/live", kPlain, "value");
  Batch batch;
  for (int i = 850'000; i < 1'000'000; ++i) {
    const std::string key = "/" + std::to_string(i);
    batch.Put(PendingKey(key), PendingBlobAt(kPlain, placement_->Choose(key)));
  }
  ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));

  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_TRUE(Find("/live"));
  EXPECT_FALSE(Find("/999999"));
  EXPECT_EQ(EntriesOf(index(), false).size(), batch.changes().size() + 2);
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
TEST_F(RebuildTest, ASidecarOutdoesAnOldIndexThatKnowsAnEarlierRevision) {
  const auto put = [this](const std::string& key, std::uint64_t revision, const std::string& md5) {
    PutBlob(key, 5, "value");
    format::ObjectMetadata said;
    said.set_etag("of the sidecar");
    said.set_md5(md5);
    for (const std::string& place : placement_->Choose(key)) {
      PutFile(place, SidecarPath(key, 5), EncodeSidecar(said, revision));
    }
    format::ObjectMetadata known = Metadata(5, 5);
    known.set_mtime_us(100);
    known.set_annotated_us(200);
    known.set_etag("of the index");
    known.set_md5("0123456789abcdef");
    known.set_sidecar(true);
    WriteOld(key, Record{true, "30313233343536373839616263646566", placement_->Choose(key)}, known);
  };
  put("/newer", 201, "0123456789abcdef");
  put("/same", 200, "0123456789abcdef");
  put("/older", 199, "0123456789abcdef");
  put("/another value", 201, "fedcba9876543210");
  RebuildOptions options = Options(index());
  options.read_sidecar = [](std::string_view json, format::ObjectMetadata& metadata) {
    const format::Sidecar read = DecodeSidecar(json).value();
    metadata.set_etag(read.metadata().etag());
    metadata.set_md5(read.metadata().md5());
  };
  const RebuildSummary summary = mkv::Run(*placement_, options);
  EXPECT_TRUE(summary.ok()) << Describe(summary);
  EXPECT_EQ(summary.newer_sidecars, 2u);
  EXPECT_EQ(Find("/newer")->metadata->etag(), "of the sidecar");
  EXPECT_TRUE(Find("/newer")->record.unlinked);
  EXPECT_EQ(Find("/newer")->record.hash, "30313233343536373839616263646566");
  EXPECT_EQ(Find("/same")->metadata->etag(), "of the index");
  EXPECT_EQ(Find("/older")->metadata->etag(), "of the index");
  EXPECT_EQ(Find("/another value")->record.hash, "66656463626139383736353433323130");
  EXPECT_FALSE(Find("/another value")->record.unlinked);
}

TEST_F(RebuildTest, KeysOfTheOldIndexThatAreOnNoVolumeAreToldAndTheOldIndexIsKept) {
  PutBlob("/there", kPlain, "value");
  for (const char* key : {"/a gone", "/there", "/z gone"}) {
    WriteOld(key, Record{false, "", placement_->Choose(key)}, std::nullopt);
  }
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_EQ(summary.absent, 2u);
  EXPECT_EQ(summary.unlisted, 0u);
  EXPECT_FALSE(summary.ok());
  EXPECT_THAT(Describe(summary), HasSubstr("2 keys of the old index are on no volume"));
  EXPECT_THAT(Describe(summary),
              HasSubstr("on no volume: \"/a gone\", was on " + placement_->Choose("/a gone")[0]));
  EXPECT_THAT(summary.old_index_kept, HasSubstr(index() + ".old-"));
  EXPECT_TRUE(mkv::Find(summary.old_index_kept, "/z gone"));
  EXPECT_TRUE(Run().ok()) << "the new index knows only what is there";
}

TEST_F(RebuildTest, AKeyWhoseDeletionWasQueuedIsNotMissing) {
  WriteOld("/gone", Record{false, "", placement_->Choose("/gone")}, Metadata(5, 5));
  format::Pending pending;
  format::PendingBlob& blob = *pending.add_blobs();
  blob.set_id(1);
  blob.set_kind(format::PendingBlob::GARBAGE);
  blob.set_generation(5);
  for (const std::string& volume : placement_->Choose("/gone")) {
    blob.add_places()->set_volume(volume);
  }
  Batch batch;
  batch.Put(PendingKey("/gone"), pending.SerializeAsString());
  ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));
  EXPECT_EQ(Run().absent, 0u);
}

TEST_F(RebuildTest, AListWithoutAVolumeThatTheOldIndexNamesIsTold) {
  PutBlob("/key", kPlain, "value");
  WriteOld("/key", Record{false, "", {placement_->Choose("/key")[0], "left.out:3001/sv00"}},
           std::nullopt);
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.absent, 0u);
  EXPECT_EQ(summary.unlisted, 1u);
  EXPECT_FALSE(summary.ok());
  EXPECT_THAT(summary.examples, Contains("not in the list: left.out:3001, with 1 keys"));
  EXPECT_TRUE(fs::exists(summary.old_index_kept));
}

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
TEST_F(RebuildTest, AKeyOfWhichOnlySomethingElseIsQueuedIsMissing) {
  for (const std::string& key : std::vector<std::string>{"/moved", "/described"}) {
    WriteOld(key, Record{false, "", placement_->Choose(key)}, Metadata(5, 5));
    format::Pending pending;
    format::PendingBlob& blob = *pending.add_blobs();
    blob.set_id(1);
    blob.set_kind(format::PendingBlob::GARBAGE);
    blob.set_generation(5);
    blob.set_only_sidecar(key == "/described");
    if (key == "/moved") {
      blob.add_places()->set_volume("gone.example:3001/sv00");
    } else {
      for (const std::string& volume : placement_->Choose(key)) {
        blob.add_places()->set_volume(volume);
      }
    }
    Batch batch;
    batch.Put(PendingKey(key), pending.SerializeAsString());
    ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));
  }
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.absent, 2u);
  EXPECT_FALSE(summary.ok());
  EXPECT_TRUE(fs::exists(summary.old_index_kept));
}

// Of the first replica alone, its digests would make the others damaged ones.
TEST_F(RebuildTest, ReadingTakesForTheValueWhatMostReplicasAreWhereNothingElseTells) {
  std::vector<std::string> names;
  for (const auto& volume : volumes_) names.push_back(volume->name());
  const Placement three(names, 3, 3);
  for (const std::string& key : std::vector<std::string>{"/first", "/all"}) {
    int number = 0;
    for (const std::string& entry : three.Choose(key)) {
      const std::string other = key == "/first" ? "value" : "valu" + std::to_string(number);
      PutFile(entry, BlobPath(key, 5), number++ == 0 ? "valve" : other);
    }
  }
  RebuildOptions options = Options(index());
  options.rehash = true;
  const RebuildSummary summary = mkv::Run(three, options);
  EXPECT_EQ(summary.damaged, 2u) << Describe(summary);
  EXPECT_FALSE(summary.ok());
  EXPECT_EQ(Find("/first")->record.hash, Md5Hex("value"));
  EXPECT_EQ(Find("/first")->metadata->crc32c(), Crc32c("value"));
  EXPECT_EQ(Find("/all")->record.hash, "");
  EXPECT_FALSE(Find("/all")->metadata->has_crc32c());
}

}  // namespace
}  // namespace mkv
