// What Store::Find() sees while the key is written.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "mkvcore/format/index_keys.h"
#include "mkvcore/index/leveldb_index.h"
#include "mkvcore/store/key_state.h"
#include "mkvcore/store/store.h"
#include "mkvcore/volumes/volume_health.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

constexpr char kKey[] = "/bucket/key";

// The record and the metadata of an object, as one commit writes them.
Batch Version(std::uint64_t number) {
  const Record record{.unlinked = false,
                      .hash = std::string(31, 'a') + (number % 2 == 0 ? '0' : '1'),
                      .volumes = {"localhost:3001"}};
  format::ObjectMetadata metadata;
  metadata.set_record(record.Encode());
  metadata.set_generation(number);
  Batch batch;
  batch.Put(kKey, record.Encode());
  batch.Put(MetadataKey(kKey), metadata.SerializeAsString());
  return batch;
}

TEST(Find, SeesRecordAndMetadataOfOneWrite) {
  const testing::TempFolder folder;
  const auto index = LevelDbIndex::Open((folder.path() / "index").string());
  VolumeHealth health;
  VolumeClient volumes(VolumeOptions{}, health);
  Store store(*index, volumes,
              std::make_shared<const Placement>(std::vector<std::string>{"localhost:3001"}, 1, 1),
              {});
  ASSERT_TRUE(index->Write(Version(1), Index::Durability::kOrdered));

  std::atomic<bool> ended{false};
  std::thread writer([&] {
    for (std::uint64_t number = 2; !ended; ++number) {
      EXPECT_TRUE(index->Write(Version(number), Index::Durability::kOrdered));
    }
  });
  for (int i = 0; i < 50'000 && !::testing::Test::HasFailure(); ++i) {
    const std::optional<Object> object = store.Find(kKey);
    ASSERT_TRUE(object);
    EXPECT_TRUE(object->metadata) << "the record of one write with the metadata of another";
    // Who changes the key, or deletes what its record does not refer to.
    EXPECT_TRUE(KeyState::Read(*index, kKey).object().value().metadata);
  }
  ended = true;
  writer.join();
}

}  // namespace
}  // namespace mkv
