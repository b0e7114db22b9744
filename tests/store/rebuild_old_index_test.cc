// What an old index adds to what the volumes show, and what reading the values does where it knows
// nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "mkvcore/format/sidecar.h"
#include "mkvcore/volumes/value_hasher.h"
#include "tests/store/rebuild_test.h"
#include "tests/support/generated_value.h"

namespace mkv {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::Md5Hex;

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

TEST_F(RebuildTest, AValueOfAnotherSizeThanTheOldIndexSaysOnTooFewVolumesIsDamaged) {
  PutFile(placement_->Choose("/key")[0], BlobPath("/key", 5), "val");
  WriteOld("/key", Record{true, Md5Hex("value"), placement_->Choose("/key")}, Metadata(5, 5));
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.damaged, 1u);
  EXPECT_FALSE(summary.ok());
  EXPECT_TRUE(Find("/key")->record.unlinked);
  EXPECT_EQ(Find("/key")->record.hash, "");
  EXPECT_EQ(Find("/key")->metadata->size(), 3u);
}

// The old index is a backup: the key was unlinked then, and has been deleted and written again.
TEST_F(RebuildTest, AValueOfAnotherSizeThatAllReplicasAgreeOnIsAnotherValue) {
  PutBlob("/key", kPlain, "another value");
  WriteOld("/key", Record{true, Md5Hex("value"), placement_->Choose("/key")}, Metadata(kPlain, 5));
  const RebuildSummary summary = Run();
  EXPECT_TRUE(summary.ok()) << Describe(summary);
  EXPECT_EQ(summary.unknown_before, 1u);
  EXPECT_FALSE(Find("/key")->record.unlinked);
  EXPECT_EQ(Find("/key")->record.hash, "");
  EXPECT_EQ(Find("/key")->metadata->size(), 13u);
}

// As volumes that lost power together leave them.
TEST_F(RebuildTest, ReplicasWithoutAByteAreDamagedThoughTheyAgree) {
  PutBlob("/key", kPlain, "");
  WriteOld("/key", Record{false, Md5Hex("value"), placement_->Choose("/key")}, Metadata(kPlain, 5));
  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.damaged, 1u);
  EXPECT_FALSE(summary.ok());
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

TEST_F(RebuildTest, WhatTheOriginalPutWhereAnotherValueWasToBeDeletedIsTheValue) {
  PutBlob("/key", kPlain, "the original's");
  const Record record{false, Md5Hex("the original's"), placement_->Choose("/key")};
  WriteOld("/key", record, std::nullopt);
  Batch batch;
  batch.Put(PendingKey("/key"), PendingBlobAt(kPlain, record.volumes));
  ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));

  const RebuildSummary summary = Run();
  EXPECT_TRUE(summary.ok()) << Describe(summary);
  EXPECT_EQ(summary.pending, 0u);
  ASSERT_TRUE(Find("/key"));
  EXPECT_EQ(Find("/key")->record, record);
}

// The original knows the plain path only: what lay at a generation is still there.
TEST_F(RebuildTest, WhatTheOriginalDeletedOrReplacedStaysSo) {
  for (const std::string& key : std::vector<std::string>{"/deleted", "/replaced"}) {
    PutBlob(key, 5, "of an overwrite");
    WriteOld(key, Record{false, Md5Hex("of an overwrite"), placement_->Choose(key)},
             Metadata(5, 15));
  }
  PutBlob("/replaced", kPlain, "the original's");
  const Record replaced{false, Md5Hex("the original's"), placement_->Choose("/replaced")};
  Batch batch;
  batch.Delete("/deleted");
  batch.Put("/replaced", replaced.Encode());
  ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));

  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_EQ(summary.pending, 4u);
  EXPECT_FALSE(Find("/deleted"));
  EXPECT_EQ(Find("/replaced")->record, replaced);
  EXPECT_EQ(Find("/replaced")->generation(), kPlain);
  const RebuildSummary again = Run();
  EXPECT_EQ(again.keys, 1u);
  EXPECT_EQ(again.pending, 4u) << "it waits for the garbage collector";
}

// A request for the same file was never answered: what lands late is the value.
TEST_F(RebuildTest, AValueIsOneThoughItMayLandAgain) {
  PutBlob("/key", kPlain, "value");
  WriteOld("/key", Record{false, Md5Hex("value"), placement_->Choose("/key")}, Metadata(kPlain, 5));
  format::Pending pending;
  ASSERT_TRUE(pending.ParseFromString(PendingBlobAt(kPlain, placement_->Choose("/key"))));
  for (auto& place : *pending.mutable_blobs(0)->mutable_places()) place.set_unanswered(true);
  Batch batch;
  batch.Put(PendingKey("/key"), pending.SerializeAsString());
  ASSERT_TRUE(LevelDbIndex::Open(index())->Write(batch, Index::Durability::kOrdered));

  const RebuildSummary summary = Run();
  EXPECT_EQ(summary.keys, 1u);
  EXPECT_EQ(summary.pending, 0u);
  ASSERT_TRUE(Find("/key"));
  EXPECT_THAT(Find("/key")->record.volumes, ElementsAreArray(placement_->Choose("/key")));
  EXPECT_EQ(EntriesOf(index(), false).at(PendingKey("/key")), batch.changes()[0].value);
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
